"""The table of defects: how many of each, what must become of them, and whom they meet.

Outcomes: Q row quarantined, L only the link or attribute quarantined, C cell quarantined (row
kept), F file refused, X row excluded by a declared rule, W warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.synthetic.streams import Floats, Streams
    from pipelines.demo_vendor.canonical import Employment

REFERENCE = 5_000


@dataclass(frozen=True, slots=True)
class Defect:
    """A kind of defect: ``several`` of it in a company of 5,000; pairs stay pairs."""

    name: str
    delivery: str
    outcome: str
    several: int
    rule: str
    pairs: bool = False
    scales: bool = True

    def count(self, size: int) -> int:
        """How many records (or files, links, cells) a company of this size gets."""
        if not self.scales:
            return self.several
        each = 2 if self.pairs else 1
        return each * max(1, round(self.several / each * size / REFERENCE))


_D = Defect
DEFECTS = (
    _D("zero_stripped_id", "workday", "Q", 3, "identifier without its zeros fits two people"),
    _D("unmapped_reason", "workday", "Q", 5, "exit reason is not in the mapping"),
    _D("termination_before_hire", "workday", "Q", 4, "exit before hire"),
    _D("conflicting_duplicate", "workday", "Q", 6, "two rows, one key, other content", pairs=True),
    _D("ambiguous_manager", "workday", "L", 8, "manager's name is carried by two people"),
    _D("manager_cycle", "workday", "L", 4, "two people manage each other", pairs=True),
    _D("delta_as_full", "workday", "F", 1, "headcount drops in a full file", scales=False),
    _D("swapped_dates", "workday", "F", 1, "dates are not in the declared format", scales=False),
    _D("test_worker", "workday", "X", 5, "keep_if Worker Type"),
    _D("exact_duplicate", "workday", "X", 7, "exact duplicate"),
    _D("scientific_id", "successfactors", "Q", 4, "identifier in scientific notation"),
    _D("no_link_at_migration", "successfactors", "L", 12, "two numbers that nothing joins"),
    _D("unmapped_department", "successfactors", "W", 6, "department code is not in the mapping"),
    _D("inactive_on_leave", "successfactors", "W", 30, "inactive without an end is leave"),
    _D("unknown_respondent", "glint", "Q", 8, "unknown person"),
    _D("answered_after_exit", "glint", "Q", 3, "response after exit"),
    _D("score_out_of_range", "glint", "C", 6, "score off the printed scale"),
    _D("superseded_response", "glint", "X", 10, "keep_if Latest Response"),
    _D("few_items", "glint", "W", 30, "fewer than two thirds of the items answered"),
    _D("negative_item", "glint", "W", 1, "item correlates negatively with the rest", scales=False),
    _D("header_drift", "glint", "W", 1, "a column was renamed", scales=False),
    _D("preview_response", "qualtrics", "X", 4, "drop_if Status"),
    _D("unfinished_response", "qualtrics", "W", 10, "response broken off; kept as partial"),
    _D("own_mentor", "mentorloop", "Q", 2, "mentor is the mentee"),
    _D("unknown_participant", "mentorloop", "Q", 5, "unknown person"),
    _D("activity_before_match", "mentorloop", "Q", 7, "meeting before the match"),
    _D("activity_after_exit", "mentorloop", "Q", 4, "meeting after exit"),
    _D("masked_mentee", "mentorloop", "L", 3, "mentee is masked"),
    _D("test_account", "mentorloop", "X", 4, "keep_if Account Type"),
    _D("off_scale", "ratings", "Q", 5, "rating off its scale"),
    _D("unknown_rated", "ratings", "Q", 3, "unknown person"),
    _D("pre_calibration", "ratings", "X", 14, "keep_if Stage"),
    _D("half_point", "ratings", "W", 9, "rating between two points"),
    _D("leavers_purged", "ratings", "W", 1, "leavers are missing from a re-export", scales=False),
    _D("kpi_conflict", "warehouse", "Q", 4, "two rows, one key, other content", pairs=True),
    _D("impossible_value", "warehouse", "Q", 5, "not a finite number"),
    _D("kpi_after_exit", "warehouse", "Q", 6, "performance after exit"),
    _D("soft_deleted", "warehouse", "X", 30, "keep_if deleted_at"),
    _D("kpi_duplicate", "warehouse", "X", 6, "exact duplicate"),
    _D("overlapping_jobs", "warehouse", "W", 8, "assignments overlap; the later begins"),
    _D("unit_change", "warehouse", "W", 1, "level shift at one site", scales=False),
)
BY_NAME = {defect.name: defect for defect in DEFECTS}


@dataclass(frozen=True, slots=True)
class Target:
    """An employment that a defect meets, with further uniforms to choose when and how."""

    employment: Employment
    u: tuple[float, ...]


class Chooser:
    """Draws whom defects meet: nobody twice, by address, so that order of asking alone matters."""

    def __init__(self, streams: Streams, total: int, size: int, *, planted: bool) -> None:
        self._streams, self._total, self._size = streams, total, size
        self._met: set[str] = set()
        self.planted = planted

    def count(self, name: str) -> int:
        """How many of a defect are planted."""
        return BY_NAME[name].count(self._size) if self.planted else 0

    def pick(self, name: str, among: Iterable[Employment], several: int = -1) -> list[Target]:
        """The employments a defect meets; people met before are left alone."""
        wanted = self.count(name) if several < 0 else several
        if not wanted:
            return []
        u = self.uniforms(name)
        found: list[Target] = []
        for e in sorted(among, key=lambda e: (float(u[e.row, 0]), e.row)):
            if e.person not in self._met:
                self._met.add(e.person)
                found.append(Target(e, tuple(u[e.row, 1:].tolist())))
                if len(found) == wanted:
                    break
        return found

    def uniforms(self, name: str) -> Floats:
        """Four uniforms an employment, of a stream of the defect's own."""
        return self._streams.rows(f"vendor.{name}", 0, self._total, 4)

    def touch(self, person: str) -> None:
        """Leave this person alone from now on."""
        self._met.add(person)
