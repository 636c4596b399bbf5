"""Who met more often, and what pairs did: under a heading that says what this is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.names import arm_words, lower_first, outcome_words, study_title
from reports.numbers import months, number, p_text, plain, words
from reports.sections.section import Section
from reports.shown import shown
from reports.wording import findings

if TYPE_CHECKING:
    from analysis.disclosure import Release, ReleasedEstimate
    from reports.model import Report

_AMOUNT, _PRACTICE = "dose: ", "practice: "  # how the names of associations begin
_INSTRUMENTED = "dose instrumented"


def view(report: Report) -> dict[str, Any]:
    """The associations of each study that asked for some; nothing to say where none did."""
    known = report.manifest.as_known_at
    studies = [s for r in report.releases if (s := _study(r, known))["rows"]]
    return {"studies": studies, "nothing_to_say": not studies}


def is_dose(estimate: ReleasedEstimate) -> bool:
    """Whether the estimate is about an amount of mentoring or what pairs did."""
    return estimate.name.startswith((_AMOUNT, _PRACTICE, _INSTRUMENTED))


def _study(release: Release, as_known_at: str) -> dict[str, Any]:
    found = [e for e in release.estimates if is_dose(e)]
    instrumented = [e for e in found if e.name.startswith(_INSTRUMENTED)]
    associations = [e for e in found if e not in instrumented]
    return {
        "title": study_title(release),
        "finding": _first(associations, outcome_words(release)),
        "instrument": _first(instrumented),
        "source": findings.source(release, as_known_at),
        "outcome": outcome_words(release),
        "window": months(release.window),
        "rows": [_row(e) for e in associations],
        "instrumented": [_row(e) for e in instrumented],
    }


def _first(found: list[ReleasedEstimate], outcome: str = "") -> str:
    """The finding of the first figure that may be shown; of an association ``outcome`` is named."""
    for e in found:
        if e.status == "released":
            exposure = _exposure(e)
            if outcome:
                return findings.association(exposure, outcome, shown(e))
            return findings.if_through_alone(exposure, shown(e))
    return ""


def _exposure(estimate: ReleasedEstimate) -> str:
    return words(estimate.name.partition(": ")[2])


def _row(estimate: ReleasedEstimate) -> dict[str, str]:
    figures, released = shown(estimate), estimate.status == "released"
    error = figures.std_error
    return {
        "exposure": _exposure(estimate).capitalize(),
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
    intro="This is not an effect. People decide how often they meet and what they do, and those "
    "who meet more differ in more than the meetings.",
    view=view,
)
