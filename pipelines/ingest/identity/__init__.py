"""Persons above identifiers: a dated crosswalk with the evidence for each link."""
