"""Estimates as the rows of a table with a drawing in each: the table is the chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.names import arm_words, lower_first, upper_first
from reports.numbers import months, number, p_text, plain, signed, words
from reports.scales import Scale, bar, scale
from reports.shown import shown

if TYPE_CHECKING:
    from analysis.disclosure import ReleasedEstimate
    from reports.shown import Shown

_WIDEST = 3.0  # an interval is cut this many headline half widths beyond the outermost dot
SPECIFICATION = "specification: "  # how the names of declared specifications begin
# Names of estimates whose estimator alone does not say what they are.
_LABELS = {
    "landmark": "Landmark: both groups from a later day on",
    "unadjusted": "As observed, unadjusted",
    "rmst_unadjusted": "Time employed, as observed",
    "cox_hazard_ratio": "Hazard ratio, Cox model",
    "hazard_ratio_time_varying": "Hazard ratio, mentoring changing with time",
    "naive_hazard_ratio": "Naive hazard ratio, not an effect",
    "log_rank": "Hazard ratio of the log-rank test",
}
_ORDER = {"headline": 0, "secondary": 1, "naive": 2}


def in_order(estimate: ReleasedEstimate) -> tuple[int, bool]:
    """Sorts the headline first and the raw gap last, subgroups behind everybody."""
    return _ORDER[estimate.role], estimate.subgroup is not None


def axis_of(estimates: list[ReleasedEstimate], head: ReleasedEstimate) -> Scale | None:
    """An axis for all dots; very wide intervals run off it with an arrow."""
    figures = [shown(e) for e in estimates]
    dots = [f.value for f in figures if f.value is not None]
    if not dots:
        return None
    top = shown(head)
    half = (top.high - top.low) / 2 if top.high is not None and top.low is not None else 0.0
    room = _WIDEST * half or max(abs(v) for v in dots)
    floor, roof = min(dots) - room, max(dots) + room
    ends = [v for f in figures for v in (f.low, f.high) if v is not None]
    return scale([*dots, *(min(max(v, floor), roof) for v in ends)])


def row(
    estimate: ReleasedEstimate, axis: Scale | None, places: int | None, window: tuple[int, int]
) -> dict[str, Any]:
    """One estimate as printed; ``window`` is the headline's, which need not be said again."""
    figures = shown(estimate, places=places) if places is not None else shown(estimate, extra=1)
    released = estimate.status == "released"
    error = figures.std_error
    return {
        "label": _label(estimate),
        "detail": _detail(estimate, window),
        "arm": arm_words(estimate.arm),
        "role": estimate.role,
        "bar": bar(figures, axis) if axis and released else None,
        "effect": _effect(figures, axis is None) if released else "",
        "range": figures.range if released else "",
        "error": "" if error is None or not released else number(error, figures.places),
        "p": p_text(estimate.p_value) if released else "",
        "reason": "" if released else lower_first(estimate.reason).rstrip(". "),
    }


def _effect(figures: Shown, with_its_unit: bool) -> str:
    """The figure; its unit only where the table has none of its own."""
    if with_its_unit or figures.value is None:
        return figures.effect
    return signed(figures.value, figures.places)


def _label(estimate: ReleasedEstimate) -> str:
    name = plain(estimate.name)
    if name in _LABELS:
        return _LABELS[name]
    if estimate.role == "naive":
        return "Raw gap, not an effect"
    if name.startswith(SPECIFICATION):
        text = f"“{words(name.removeprefix(SPECIFICATION))}”"
    else:
        text = plain(estimate.estimator)
    if estimate.role == "headline":
        text += " (headline)"
    text = upper_first(text)
    return f"{text}, {words(estimate.subgroup)}" if estimate.subgroup else text


def _detail(estimate: ReleasedEstimate, window: tuple[int, int]) -> str:
    parts = [plain(estimate.estimand)]
    if plain(estimate.estimator).lower() not in _label(estimate).lower():
        parts.append(plain(estimate.estimator))
    if estimate.window != window:
        parts.append(months(estimate.window, ""))
    return " · ".join(parts)


def reference(head: ReleasedEstimate, axis: Scale | None) -> str:
    """Where the headline lies on the axis."""
    value = shown(head).value
    return axis.at(value) if axis and value is not None and head.status == "released" else ""
