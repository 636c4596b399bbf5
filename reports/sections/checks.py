"""Checks with figure, limits and result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.benefits.spread import EQUAL
from analysis.diagnostics.limits import LIMITS
from reports.names import study_title
from reports.numbers import many
from reports.sections.section import Section
from reports.wording import findings
from reports.wording.exploratory import graded

if TYPE_CHECKING:
    from analysis.diagnostics.limits import UsedLimit
    from analysis.disclosure import Release, ReleasedDiagnostic
    from reports.model import Report

# What something unseen, or drifting sites, would have to be; told in words of their own.
UNSEEN = ("unseen", "drift")


def view(report: Report) -> dict[str, Any]:
    """The checks of each study, and the limits they were held against."""
    studies = [_study(i, r) for i, r in enumerate(report.releases, start=1)]
    return {
        "studies": studies,
        "finding": findings.checked([d.status for s in studies for d in s["checks"]]),
        "limits": limits_used(report.releases),
    }


def limits_used(releases: tuple[Release, ...]) -> list[UsedLimit]:
    """Every limit that a study was held against, each once: they are the project's."""
    used = {x.name: x for r in releases for x in r.limits}
    return [used[name] for name in LIMITS if name in used]


def _study(place: int, release: Release) -> dict[str, Any]:
    elsewhere = ("fading", EQUAL, *UNSEEN)
    checks = [d for d in release.diagnostics if not d.name.startswith(elsewhere)]
    return {
        "place": place,
        "title": study_title(release),
        "summary": _summary(checks, graded(release), any(x.looser for x in release.limits)),
        "checks": [d for d in checks if d.status != "note"],
        "notes": [d for d in checks if d.status == "note"],
        "unseen": [d for d in release.diagnostics if d.name.startswith(UNSEEN)],
    }


def _summary(checks: list[ReleasedDiagnostic], grade: str, looser: bool) -> str:
    failed = sum(d.status == "fail" for d in checks)
    warned = sum(d.status == "warn" for d in checks)
    parts = [_count(failed, "failure")] if failed else []
    parts += [_count(warned, "warning")] if warned or not failed else []
    loose = ", with limits looser than the default" if looser else ""
    return f"{', '.join(parts)} → {grade}{loose}"


def _count(n: int, what: str) -> str:
    return f"no {what}" if n == 0 else many(n, what)


SECTION = Section(
    id="checks",
    nav="Checks",
    title="Checks",
    intro="A warning lowers the grade one step. A failure withholds the number. "
    "The limits were set before the run.",
    view=view,
)
