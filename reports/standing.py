"""Answers that may not be made anew beside what was shown before, and what stands instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from reports.model import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a study stands that is not renewed as a whole.

    ``frozen``: the answer that ``run`` first showed, as of ``as_of``; ``hidden``: no figure;
    ``fresh``: a new answer without the groups of some subgroup variables. ``why`` ends a sentence.
    """

    study: str
    verdict: Literal["fresh", "frozen", "hidden"]
    as_of: str
    why: str
    run: str = ""
    groups: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "verdict": self.verdict,
            "first_shown_in": self.run or None,
            "as_of": self.as_of if self.verdict == "frozen" else None,
            "why": self.why,
            "groups_not_shown": list(self.groups),
        }


def standing_of(report: Report, study: str) -> Standing | None:
    """How a study stands; None where it is wholly of this run."""
    return next((s for s in report.standings if s.study == study), None)
