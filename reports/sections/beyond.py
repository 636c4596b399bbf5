"""Beyond the people mentored: their mentors, and the members of their teams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.beyond.spec import MATES, MENTORS
from reports.names import outcome_words, study_title
from reports.numbers import months
from reports.sections.beyond_rows import released_of, table
from reports.sections.section import Section
from reports.shown import shown
from reports.wording import findings
from reports.wording.vocabulary import MATES_ASSUME, MENTORS_ASSUME, SATURATION_ASSUMES, effect_on

if TYPE_CHECKING:
    from analysis.disclosure import Release
    from reports.model import Report

_MENTORS = "At best Suggestive: this is an association, for who mentors is chosen."
_DRAWN = (
    "If mentors are drawn by lot, deliver them as a programme of their own, with the arms drawn: a "
    "randomised study of it tells what mentoring does to mentors."
)
_STAYED = (
    "Mentors had to be there to be asked, and whoever is asked is chosen. The raw ratio holds "
    "both, so it says nothing about what mentoring does."
)


def view(report: Report) -> dict[str, Any]:
    """Mentors and team mates of each study that asked; nothing to say where none did."""
    known = report.manifest.as_known_at
    found = [(r, s) for r in report.releases for s in (_mentors(r), _mates(r)) if s]
    studies = [s | {"source": findings.source(r, known)} for r, s in found]
    return {"studies": studies, "nothing_to_say": not studies}


def _mentors(release: Release) -> dict[str, Any] | None:
    figures = table(
        release,
        [f"{MENTORS}{name}" for name in ("within", "before", "across", "raw")],
        caption="How mentors' own figures go with having a mentee",
        column="Who is compared",
    )
    exits = table(
        release,
        [f"{MENTORS}{name}" for name in ("exits", "exits_raw")],
        caption="How leaving goes with having had a mentee",
        column="Who is compared",
    )
    tables = [t for t in (figures, exits) if t]
    if not tables:
        return None
    notes = [_MENTORS, _DRAWN, *([_STAYED] if exits else [])]
    about = outcome_words(release)
    return {
        "title": f"Mentors: {study_title(release)}",
        "sub": f"Mentors' own {about}" if figures else f"Mentors: {about}, as a hazard ratio",
        "tables": tables,
        "notes": [] if tables[0]["why_none"] else notes,
        "assumptions": [MENTORS_ASSUME] if figures else [],
    }


def _mates(release: Release) -> dict[str, Any] | None:
    names = ("high_low", "slope", "untreated", "own", "winners_total")
    made = table(
        release,
        [f"{MATES}{name}" for name in names],
        caption="What mentored members do to the others of their team",
        column="Whom",
    )
    if made is None:
        return None
    drawn = any(e.name == f"{MATES}high_low" for e in release.estimates)
    return {
        "title": f"Team mates: {study_title(release)}",
        "sub": f"{effect_on(release)} {outcome_words(release)} {months(release.window)}",
        "tables": [made],
        "notes": _told(release),
        "assumptions": [MATES_ASSUME, *([SATURATION_ASSUMES] if drawn else [])],
    }


def _told(release: Release) -> list[str]:
    """Whether the data can tell that mates are changed."""
    found = [released_of(release, f"{MATES}{name}") for name in ("high_low", "slope")]
    told = [e for e in found if e is not None]
    if not told:
        return []
    if all(shown(e).direction == 0 for e in told):
        return [
            "The data cannot tell whether mates gain or lose: the intervals hold no spillover at "
            "all and as much as their ends. That is not the same as none."
        ]
    if release.grade not in ("Randomised", "Credible"):
        return [
            "Mates differ with the share mentored; at this grade that is no proof of spillover."
        ]
    return [
        "Mates are changed too, so the effect on winners alone is not all that the programme does."
    ]


SECTION = Section(
    id="beyond",
    nav="Beyond the mentored",
    title="Beyond the people mentored",
    intro="What goes with being a mentor, and what mentored people do to the others of their team.",
    view=view,
)
