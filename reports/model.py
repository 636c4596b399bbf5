"""What a report is made from: releases and facts about the run, nothing about people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.calibration.summary import Calibration
    from analysis.disclosure import Release
    from analysis.literature import Shelf
    from analysis.manifest import RunManifest
    from analysis.money.value import Money
    from reports.previous import Previous
    from reports.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectNote:
    """What the project file says about itself, as printed."""

    title: str
    purpose: str
    lawful_basis: str
    retention: str
    disclosure: str
    sources_note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything a report may read. ``previous`` is the report before, None for a first one;
    ``calibrations``: what placebo programmes of each study found, empty where none were drawn;
    ``shelf``: what others found;
    ``money``: the cases of the project, priced from these releases;
    ``standings``: the studies that could not be answered anew beside what was shown before.

    ``reconciliation`` holds counts of file rows: {"files": [...], "skipped": [...],
    "refused": [...], "remarks": [...], "checks": [...]}.
    """

    releases: tuple[Release, ...]
    manifest: RunManifest
    reconciliation: dict[str, Any] = field(default_factory=dict)
    project: ProjectNote
    previous: Previous | None = None
    calibrations: tuple[Calibration, ...] = ()
    shelf: Shelf = ()
    money: tuple[Money, ...] = ()
    standings: tuple[Standing, ...] = ()

    @property
    def public(self) -> bool:
        """Whether the project declared its data published, so that counts are exact."""
        return self.project.disclosure == "public" or any(r.mode == "public" for r in self.releases)
