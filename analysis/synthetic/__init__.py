"""The demo company with planted truth, as arrays: no files, no clock, no global random state.

Everything random about a person is drawn once and used in every world, so the two potential
outcomes of a person differ only by the planted effect.
"""
