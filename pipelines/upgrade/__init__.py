"""Brings an output folder of an earlier version to this one: new files, compared, then published."""

from pipelines.upgrade.folder import FAULTS, bring_up

__all__ = ["FAULTS", "bring_up"]
