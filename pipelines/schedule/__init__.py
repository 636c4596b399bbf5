"""Runs that nobody starts by hand: what starts them, what they leave, who is told."""
