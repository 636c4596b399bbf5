"""How it may have come about: what goes through what people felt before, and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.mediation_results import BCA, HOW, MEDIATION
from reports.names import (
    arm_words,
    is_composite,
    lower_first,
    scale_words,
    study_title,
    upper_first,
)
from reports.numbers import number, p_text, plain, words
from reports.sections.section import Section
from reports.shown import shown
from reports.wording import findings
from reports.wording.vocabulary import effect_on

if TYPE_CHECKING:
    from analysis.disclosure import Release, ReleasedEstimate
    from reports.model import Report

_NAME = f"{MEDIATION}."  # how the names of these estimates begin
_BCA = f", {BCA}"


def view(report: Report) -> dict[str, Any]:
    """The ways of each study that asked for some; nothing to say where none did."""
    known = report.manifest.as_known_at
    studies = [s for r in report.releases if (s := _study(r, known))["rows"]]
    return {"studies": studies, "nothing_to_say": not studies}


def is_mediation(estimate: ReleasedEstimate) -> bool:
    """Whether the estimate belongs to a mediation."""
    return estimate.name.startswith(_NAME)


def _study(release: Release, as_known_at: str) -> dict[str, Any]:
    found = [e for e in release.estimates if is_mediation(e)]
    second = {(e.name, e.arm, e.estimator.removesuffix(_BCA)): e for e in found if _is_second(e)}
    rows: dict[bool, list[dict[str, str]]] = {False: [], True: []}
    for e in found:
        if not _is_second(e):
            beside = second.get((e.name, e.arm, e.estimator))
            rows[e.role == "association"].append(_row(e, beside))
    return {
        "title": study_title(release),
        "finding": _first([e for e in found if e.role != "association"]),
        "functions_finding": _first([e for e in found if e.role == "association"]),
        "source": findings.source(release, as_known_at),
        # Who left has no score one wave later: what is taken apart is that of the others.
        "outcome": scale_words(release),
        "effect_on": effect_on(release).lower(),
        "is_score_alone": is_composite(release),
        "rows": rows[False],
        "functions": rows[True],
    }


def _first(found: list[ReleasedEstimate]) -> str:
    """The first figure that may be shown, with whether it can be told from none."""
    shown_ = [e for e in found if e.status == "released"]
    return findings.told(_what(shown_[0]), shown(shown_[0])) if shown_ else ""


def _what(estimate: ReleasedEstimate) -> str:
    return words(estimate.estimand.partition(";")[0])


def _is_second(estimate: ReleasedEstimate) -> bool:
    """Whether it is the same figure with its second interval."""
    return estimate.estimator.endswith(_BCA)


def _row(estimate: ReleasedEstimate, beside: ReleasedEstimate | None) -> dict[str, str]:
    figures, released = shown(estimate), estimate.status == "released"
    error = figures.std_error
    what = _what(estimate)
    details = [arm_words(estimate.arm), estimate.estimator.removeprefix(HOW).removeprefix(", ")]
    if beside is not None and beside.status == "released":
        details.append(f"BCa {shown(beside).range}")
    return {
        "what": upper_first(what),
        "detail": " · ".join(lower_first(plain(d)) for d in details if d),
        "effect": figures.effect if released else "",
        "range": figures.range if released else "",
        "error": number(error, figures.places) if released and error is not None else "",
        "p": p_text(estimate.p_value) if released and estimate.p_value is not None else "",
        "reason": "" if released else lower_first(estimate.reason).rstrip(". "),
    }


SECTION = Section(
    id="mediation",
    nav="How it came about",
    title="How it may have come about",
    intro="Nobody drew what lies in between, so these figures rest on more than the answer does: "
    "that nothing unmeasured moves both. The checks say how little would undo them.",
    view=view,
)
