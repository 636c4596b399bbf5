"""Volunteers and everybody else: the effect by whether people would opt in, and selection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.names import outcome_words, study_title
from reports.numbers import months
from reports.sections.beyond_rows import released_of, table
from reports.sections.section import Section
from reports.shown import shown
from reports.wording import findings
from reports.wording.vocabulary import TWO_BRANCHES_ASSUME, effect_on

if TYPE_CHECKING:
    from analysis.disclosure import Release
    from reports.model import Report

_FOUR = ("all", "in", "out", "selection")
_NOTE = (
    "The grade of the study holds for the effect on everybody. The rest follows from both branches "
    "together: if a share p opts in, the effect on everybody is p times that on volunteers plus "
    "1 − p times that on the others."
)


def view(report: Report) -> dict[str, Any]:
    """The parts of each study with two branches; nothing to say where none has."""
    known = report.manifest.as_known_at
    found = [(r, s) for r in report.releases if (s := _study(r))]
    studies = [s | {"source": findings.source(r, known)} for r, s in found]
    return {"studies": studies, "nothing_to_say": not studies}


def _study(release: Release) -> dict[str, Any] | None:
    made = table(
        release,
        [f"branches.{name}" for name in (*_FOUR, "controls")],
        _details(release),
        caption="Effects by whether people opt in, and selection",
        column="Whom",
    )
    if made is None:
        return None
    return {
        "title": study_title(release),
        "sub": f"{effect_on(release)} {outcome_words(release)} {months(release.window)}",
        "tables": [made],
        "notes": [] if made["why_none"] else [_NOTE, *_share(release)],
        "assumptions": [TWO_BRANCHES_ASSUME],
    }


def _details(release: Release) -> dict[str, str]:
    """The simultaneous band, and where the share is part of the doubt, Fieller's interval."""
    made: dict[str, list[str]] = {}
    four = [released_of(release, f"branches.{name}") for name in _FOUR]
    places = min((shown(e).places for e in four if e is not None), default=0)
    for key, words in (("band.", "all four at once"), ("fieller.", "if few stay out (Fieller)")):
        for name in _FOUR:
            found = released_of(release, f"branches.{key}{name}")
            if found is not None:
                made.setdefault(f"branches.{name}", []).append(
                    f"{words} {shown(found, places=places).range}"
                )
    return {name: "; ".join(parts) for name, parts in made.items()}


def _share(release: Release) -> list[str]:
    share = next((d.display for d in release.diagnostics if d.name == "opted_in"), "")
    return [f"Opted in where they could choose: {share}."] if share else []


SECTION = Section(
    id="volunteers",
    nav="Volunteers and others",
    title="Volunteers and everybody else",
    intro="Lots sent people into a branch in which all may be mentored, or into one to opt into. "
    "Together they tell what mentoring does for those who would ask for it, and for the others.",
    view=view,
)
