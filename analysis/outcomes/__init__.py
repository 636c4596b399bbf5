"""Outcomes that take more than one figure a person and month: SQL out, rows of a panel in."""
