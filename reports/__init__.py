"""Releases in; HTML and JSON out. Nothing else about people reaches this package."""
