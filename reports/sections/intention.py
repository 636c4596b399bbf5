"""What people answer on a scale, who answered, and whether it comes true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.names import lower_first, outcome_words, study_title
from reports.numbers import number, p_text, plain, signed, with_unit
from reports.sections.section import Section
from reports.shown import shown
from reports.wording import findings
from reports.wording.answers import headline_figures

if TYPE_CHECKING:
    from analysis.disclosure import Release, ReleasedEstimate
    from reports.model import Report
    from reports.shown import Shown

SCALE = "scale"  # the kind of outcome
# The score and what else is made of it, by the name of the estimate.
COMPOSITE = "Left by their own choice, or a high score"
SCORE = "Score of those who stayed and answered"
MADE_OF_SCORES = {
    "left_or_above_cut": COMPOSITE,
    "complete_cases": f"{COMPOSITE}, of whom it is known alone",
    "weighted": "The first line, weighted for who did not answer",
    "above_cut": "A high score, of those who stayed and answered",
    "score": SCORE,
    "standardised": "The score in standard deviations",
    "weighted_score": "The score, weighted for who did not answer",
    "ordinal": "Odds of a higher answer",
}
# Checks by what they are about; the names begin with these.
ABOUT_SCALE = ("scale_reliability", "item_against_scale", "invariance")
ABOUT_ANSWERS = (
    "enough_answers",
    "differential_missing_outcome",
    "response",
    "answers_left_out",
)
ABOUT_EXITS = ("intent_predicts_exit",)


def view(report: Report) -> dict[str, Any]:
    """Each study of a scale; nothing to say where there is none."""
    studies = [
        _study(r, report.manifest.as_known_at) for r in report.releases if r.outcome_kind == SCALE
    ]
    return {"studies": studies, "nothing_to_say": not studies}


def told_here(release: Release, estimate: ReleasedEstimate) -> bool:
    """Whether this section shows the estimate, so that no other needs to."""
    return release.outcome_kind == SCALE and (estimate.name in MADE_OF_SCORES)


def _study(release: Release, as_known_at: str) -> dict[str, Any]:
    released = release.headline.status == "released"
    return {
        "title": study_title(release),
        "finding": findings.told(outcome_words(release), headline_figures(release))
        if released
        else "",
        "source": findings.source(release, as_known_at),
        "outcome": outcome_words(release),
        "better": "Lower" if release.higher_is == "worse" else "Higher",
        "why_none": "" if released else _why_none(release),
        "scores": _scores(release) if released else [],
        "scale": _checks(release, ABOUT_SCALE),
        "answers": _checks(release, ABOUT_ANSWERS),
        "exits": _checks(release, ABOUT_EXITS),
    }


def _why_none(release: Release) -> str:
    if release.grade == "Withheld":
        return "A check failed, so no figure of this study is shown."
    return f"Not shown: {lower_first(release.headline.reason).rstrip('. ')}."


def _checks(release: Release, names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(d.label, d.display) for d in release.diagnostics if d.name.startswith(names)]


def _scores(release: Release) -> list[dict[str, str]]:
    """The score first, then what is made of it in the order of the table of names."""
    head = release.headline
    rows = [_row(head, COMPOSITE if head.unit == "share" else SCORE)]
    for name, label in MADE_OF_SCORES.items():
        found = [e for e in release.estimates if (e.name, e.arm) == (name, head.arm)]
        rows += [_row(e, label) for e in found if e.subgroup is None]
    return rows


def _row(estimate: ReleasedEstimate, label: str) -> dict[str, str]:
    figures, released = shown(estimate), estimate.status == "released"
    error = figures.std_error
    return {
        "label": label,
        "detail": f"{plain(estimate.estimand)} · {plain(estimate.estimator)}",
        "role": estimate.role,
        "effect": _effect(figures) if released else "",
        "range": figures.range if released else "",
        "error": number(error, figures.places) if released and error is not None else "",
        "p": p_text(estimate.p_value) if released else "",
        "reason": "" if released else lower_first(estimate.reason).rstrip(". "),
    }


def _effect(figures: Shown) -> str:
    """The figure with its unit in full: points of a scale and percentage points stand together."""
    if figures.null or figures.value is None:
        return figures.effect
    return with_unit(signed(figures.value, figures.places), figures.unit_long)


SECTION = Section(
    id="intention",
    nav="Survey",
    title="What people answer",
    intro="A scale of a survey, scored from its items as its authors say. An answer is not an "
    "act: whether it comes true here is shown where it could be seen.",
    view=view,
)
