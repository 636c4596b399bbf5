"""Checks with figure, limits and result, and how alike the groups were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.benefits.spread import EQUAL
from analysis.diagnostics.limits import LIMITS
from reports.names import study_title
from reports.numbers import number
from reports.scales import plain_ticks, unsigned_scale
from reports.sections.section import Section
from reports.wording.exploratory import graded

if TYPE_CHECKING:
    from analysis.diagnostics.limits import UsedLimit
    from analysis.disclosure import Release, ReleasedDiagnostic
    from reports.model import Report

# What something unseen, or drifting sites, would have to be; told in words of their own.
UNSEEN = ("unseen", "drift")
SMD_LIMIT = 0.1  # the usual mark of a small standardised difference (Austin 2009)


def view(report: Report) -> dict[str, Any]:
    """The checks of each study and its balance table."""
    return {
        "studies": [_study(i, r) for i, r in enumerate(report.releases, start=1)],
        "limits": _limits(report.releases),
    }


def _limits(releases: tuple[Release, ...]) -> list[UsedLimit]:
    """Every limit that a study was held against, each once: they are the project's."""
    used = {x.name: x for r in releases for x in r.limits}
    return [used[name] for name in LIMITS if name in used]


def _study(place: int, release: Release) -> dict[str, Any]:
    elsewhere = ("smd", "love", "fading", EQUAL, *UNSEEN)
    checks = [d for d in release.diagnostics if not d.name.startswith(elsewhere)]
    return {
        "place": place,
        "title": study_title(release),
        "summary": _summary(checks, graded(release), any(x.looser for x in release.limits)),
        "checks": [d for d in checks if d.status != "note"],
        "notes": [d for d in checks if d.status == "note"],
        "unseen": [d for d in release.diagnostics if d.name.startswith(UNSEEN)],
        "balance": _balance([d for d in release.diagnostics if d.name.startswith(("smd", "love"))]),
        "randomised": release.design == "randomised",
    }


def _summary(checks: list[ReleasedDiagnostic], grade: str, looser: bool) -> str:
    failed = sum(d.status == "fail" for d in checks)
    warned = sum(d.status == "warn" for d in checks)
    parts = [_count(failed, "failure")] if failed else []
    parts += [_count(warned, "warning")] if warned or not failed else []
    loose = ", with limits looser than the default" if looser else ""
    return f"{', '.join(parts)} → {grade}{loose}"


def _count(n: int, what: str) -> str:
    return f"no {what}" if n == 0 else f"{n} {what}{'s' if n > 1 else ''}"


def _balance(checks: list[ReleasedDiagnostic]) -> dict[str, Any] | None:
    if not checks:
        return None
    known = [(d, abs(d.value)) for d in checks if d.value is not None]
    axis = unsigned_scale([v for _, v in known], at_least=2 * SMD_LIMIT)
    rows = [
        {
            "label": d.label,
            "at": None if d.value is None else axis.at(abs(d.value)),
            "value": d.display if d.value is None else number(abs(d.value), 2),
        }
        for d in checks
    ]
    worst = max((v for _, v in known), default=0.0)
    return {
        "rows": rows,
        "limit_at": axis.at(SMD_LIMIT),
        "ticks": plain_ticks(axis),
        "worst": number(worst, 2),
        "above": sum(v > SMD_LIMIT for _, v in known),
        "known": len(known),
    }


SECTION = Section(
    id="checks",
    nav="Checks",
    title="Checks",
    intro="A warning lowers the grade one step. A failure withholds the number. "
    "The limits were set before the run.",
    view=view,
)
