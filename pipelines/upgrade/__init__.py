"""Brings an output folder of an earlier version to this one: written anew, compared, published."""

from pipelines.upgrade.folder import FAULTS, bring_up, held

__all__ = ["FAULTS", "bring_up", "held"]
