"""Who met more often: associations with the dose, under a heading that says what they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.numbers import months, number, p_text, plain, words
from reports.sections.section import Section
from reports.shown import shown
from reports.wording import arm_words, lower_first, outcome_words, study_title

if TYPE_CHECKING:
    from analysis.disclosure import Release, ReleasedEstimate
    from reports.model import Report

ASSOCIATION = "association"
_NAME = "dose: "  # how the names of exposures begin


def view(report: Report) -> dict[str, Any]:
    """The associations of each study that asked for some; nothing to say where none did."""
    studies = [s for r in report.releases if (s := _study(r))["rows"]]
    return {"studies": studies, "nothing_to_say": not studies}


def _study(release: Release) -> dict[str, Any]:
    found = [e for e in release.estimates if e.role == ASSOCIATION]
    return {
        "title": study_title(release),
        "outcome": outcome_words(release),
        "window": months(release.window),
        "rows": [_row(e) for e in found],
    }


def _row(estimate: ReleasedEstimate) -> dict[str, str]:
    figures, released = shown(estimate), estimate.status == "released"
    error = figures.std_error
    return {
        "exposure": words(estimate.name.removeprefix(_NAME)).capitalize(),
        "detail": f"{arm_words(estimate.arm)} · {lower_first(plain(estimate.estimator))}",
        "association": figures.effect if released else "",
        "range": figures.range if released else "",
        "error": number(error, figures.places) if released and error is not None else "",
        "p": p_text(estimate.p_value) if released else "",
        "reason": "" if released else lower_first(estimate.reason).rstrip(". "),
    }


SECTION = Section(
    id="dose",
    nav="Who met more often",
    title="Who met more often",
    intro="This is not an effect. People decide how often they meet, and those who meet more "
    "differ in more than the meetings.",
    view=view,
)
