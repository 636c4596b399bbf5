"""Figures about others than those mentored, as rows with a drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.beyond.spec import BRANCHES, MATES, MENTORS
from reports.forest import axis_of
from reports.names import lower_first
from reports.numbers import number, p_text, plain, signed
from reports.scales import bar
from reports.shown import shown
from reports.wording import findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.disclosure import Release, ReleasedEstimate
    from reports.scales import Scale

WITHHELD = (
    "A check of the study failed, so nothing of it is shown, these figures included: what its "
    "answer rests on, they rest on too."
)
# What each figure is about; the rest of its name says whom.
_LABELS = {
    "branches.all": "Everybody",
    "branches.in": "Those who opt in",
    "branches.out": "Those who do not opt in",
    "branches.selection": "Selection, not an effect",
    "branches.controls": "Check: both branches, nobody mentored",
    "mentors.within": "The same people, with a mentee",
    "mentors.before": "The same people, before the first",
    "mentors.across": "Across people, adjusted",
    "mentors.raw": "Raw gap, not an effect",
    "mentors.exits": "Leaving after a first mentee, adjusted",
    "mentors.exits_raw": "Raw ratio, not an effect",
    "team_mates.high_low": "Teams with many winners less few",
    "team_mates.slope": "All mates mentored against none",
    "team_mates.untreated": "Mates who did not win",
    "team_mates.own": "Winners, mates held fixed",
    "team_mates.winners_total": "Winners, with what mates add",
}


def is_beyond(estimate: ReleasedEstimate) -> bool:
    """Whether the estimate is about others than those mentored."""
    return estimate.name.startswith((BRANCHES, MENTORS, MATES))


def table(
    release: Release,
    names: Sequence[str],
    details: dict[str, str] | None = None,
    *,
    caption: str,
    column: str,
) -> dict[str, Any] | None:
    """The figures of these names on one axis; None where the study has none of them."""
    by_name = {e.name: e for e in release.estimates if is_beyond(e)}
    found = [by_name[name] for name in names if name in by_name]
    if not found:
        return None
    released = [e for e in found if e.status == "released"]
    ratio = bool(shown(found[0]).null)
    axis = axis_of(released, released[0]) if released and not ratio else None
    places = min((shown(e).places for e in released), default=0) if axis else None
    more = details or {}
    return {
        "caption": caption,
        "column": column,
        "unit": shown(found[0]).unit_long,
        "rows": [_row(e, axis, places, more.get(e.name, "")) for e in found],
        "ticks": axis.ticks if axis else (),
        "zero": axis.at(0.0) if axis else "",
        "drawn": axis is not None,
        "finding": findings.told(_LABELS[released[0].name], shown(released[0])) if released else "",
        "why_none": WITHHELD if release.grade == "Withheld" else "",
    }


def _row(
    estimate: ReleasedEstimate, axis: Scale | None, places: int | None, more: str
) -> dict[str, Any]:
    figures = shown(estimate) if places is None else shown(estimate, places=places)
    released = estimate.status == "released"
    value, error = figures.value, figures.std_error
    said = plain(estimate.estimand)
    if _LABELS[estimate.name].lower() in said:  # nothing that the label does not say
        said = said.partition(_LABELS[estimate.name].lower())[2].lstrip(", ")
    parts = [said, lower_first(estimate.estimator), more]
    effect = figures.effect
    if axis and value is not None:  # the table has the unit
        effect = signed(value, figures.places)
    return {
        "label": _LABELS[estimate.name],
        "detail": " · ".join(p for p in parts if p),
        "bar": bar(figures, axis) if axis and released else None,
        "raw": estimate.name.endswith("raw"),
        "effect": effect if released else "",
        "range": figures.range if released else "",
        "error": number(error, figures.places) if released and error is not None else "",
        "p": p_text(estimate.p_value) if released else "",
        "reason": "" if released else lower_first(estimate.reason).rstrip(". "),
    }


def released_of(release: Release, name: str) -> ReleasedEstimate | None:
    """The released figure of this name, if there is one."""
    return next((e for e in release.estimates if e.name == name and e.status == "released"), None)
