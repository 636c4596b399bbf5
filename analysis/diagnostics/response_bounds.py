"""What people who did not answer could at worst hide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic
from analysis.diagnostics.wording import points_text, whole_points_text
from analysis.estimate import Estimate
from analysis.estimators.lee import Bound, imbens_manski

if TYPE_CHECKING:
    from analysis.estimate import Result

_NOT_GATED = "not gated: it shapes the sentence, not its printing"
_WIDE = (
    "Nothing is assumed of those who did not answer; where both limits lie on one side of 0, not "
    "answering cannot explain the effect. Ask again those who did not answer."
)


def response_bounds(
    low: Result, high: Result, what: str, unit: str, missing: tuple[int, ...]
) -> Diagnostic:
    """Worst-case limits of one effect (Horowitz & Manski 2000, JASA 95:77-84), as a note.

    ``low`` and ``high`` are the headline's estimator with every missing outcome set to the worst
    for the treated and for the others. The interval around them covers the effect itself (Imbens &
    Manski 2004). ``missing`` are people without an outcome in the two groups, and further groups
    that the limits give away.
    """
    label = f"Effect whatever those who did not answer feel, {what}"
    if not isinstance(low, Estimate) or not isinstance(high, Estimate):
        why = next(r.reason for r in (low, high) if not isinstance(r, Estimate))
        return Diagnostic(
            name="response_bounds",
            label=label,
            value=None,
            display="no limits could be estimated",
            threshold=_NOT_GATED,
            status="note",
            remedy=f"Not estimated: {why}.",
        )
    ends = (low.estimate, high.estimate)
    around = imbens_manski(
        *(Bound(estimate=r.estimate, std_error=r.std_error) for r in (low, high))
    )
    told = [n for n in (*missing, low.n_treated, low.n_comparison) if n > 0]
    return Diagnostic(
        name="response_bounds",
        label=label,
        value=ends[1] - ends[0],
        display=_text(ends, around, unit, whole=False),
        threshold=_NOT_GATED,
        status="note",
        remedy=_WIDE,
        reveals_effect=True,
        n_smallest=min(told),
        coarse=(round(ends[1] - ends[0], 2), _text(ends, around, unit, whole=True)),
    )


def _text(ends: tuple[float, float], around: tuple[float, float], unit: str, *, whole: bool) -> str:
    """As in: −12.1 to +9.3 points (95 % interval −14.0 to +11.2 points)."""

    def number(value: float) -> str:
        if unit == "share":
            text = whole_points_text(value) if whole else points_text(value)
            return text.removesuffix(" points")
        return f"{value:+.{1 if whole else 2}f}".replace("-", "−")

    said = "points" if unit == "share" else unit
    inside, outside = (" to ".join(number(v) for v in pair) for pair in (ends, around))
    return f"{inside} {said} (95 % interval {outside} {said})"
