"""Who was compared with whom: everybody at each step, then each arm from the draw to the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.names import arm_words, study_title
from reports.sections.section import Section
from reports.wording import findings
from reports.wording.tables import EXACT

if TYPE_CHECKING:
    from analysis.disclosure import Release
    from reports.model import Report


USE = {
    "treated": " (treated in this study)",
    "used": " (comparison of this study)",
    "available": "",
    "other": "",
}


def view(report: Report) -> dict[str, Any]:
    """The attrition table of each study, and how its counts are printed."""
    rules: set[tuple[str, int]] = {(r.mode, r.min_group) for r in report.releases}
    studies = [_study(r, report.manifest.as_known_at) for r in report.releases]
    return {"studies": studies, "counts": _counts_note(rules)}


def _study(release: Release, as_known_at: str) -> dict[str, Any]:
    arms = [*release.treated, release.comparison]
    named = [s.arm for s in release.steps if s.arm]
    order = list(dict.fromkeys([*(a for a in arms if a in named), *named]))
    return {
        "title": study_title(release),
        "finding": findings.compared(release),
        "source": findings.source(release, as_known_at),
        "population": release.population,
        "comparison": release.comparison,
        "groups": [
            {"name": arm_words(g.arm), "what": g.what, "people": g.people, "use": USE[g.role]}
            for g in release.groups
        ],
        "choices": _choices(release),
        "steps": [s for s in release.steps if not s.arm],
        "arms": [
            {
                "name": arm_words(arm),
                "base": arm == release.comparison,
                "counts": [s for s in release.steps if s.arm == arm],
            }
            for arm in order
        ],
    }


def _choices(release: Release) -> list[tuple[str, str, str]]:
    """Which group the study compares with, whether a better one exists, whence start dates."""
    told = ("comparison_group", "start_dates")
    return [(d.label, d.display, d.remedy) for d in release.diagnostics if d.name in told]


def _counts_note(rules: set[tuple[str, int]]) -> str:
    if not rules:
        return ""
    if all(mode == "public" for mode, _ in rules):
        return EXACT
    smallest = max(size for mode, size in rules if mode != "public")
    return f"Counts are rounded to 5; groups under {smallest} print as <{smallest}."


SECTION = Section(
    id="compared",
    nav="Compared",
    title="Who was compared with whom",
    intro="The groups were fixed before any outcome was read.",
    view=view,
)
