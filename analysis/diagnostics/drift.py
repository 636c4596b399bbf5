"""How far would sites have to drift apart after the start to explain a roll-out's effect away?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.diagnostics import Diagnostic
from analysis.diagnostics.pre_trend import LEADS
from analysis.diagnostics.wording import effect_text
from analysis.estimate import Estimate
from analysis.estimators.results import as_per_cent
from analysis.sensitivity.relative_magnitudes import LARGEST, breakdown, drift_of, robust_interval

if TYPE_CHECKING:
    from analysis.estimate import Result
    from analysis.roll_out_results import Effects
    from analysis.sensitivity.relative_magnitudes import Drift

MULTIPLES = (0.1, 0.25, 0.5, 1.0)  # moves of single months add up: see the breakdown first
_NORMAL = float(stats.norm.ppf(0.975))
_BREAKDOWN = (
    "the most that sites may move apart from one month to the next after the start, every month "
    "the same way, in largest such moves of the year before it"
)


def drift_notes(effects: Effects, found: Result) -> tuple[Diagnostic, ...]:
    """The breakdown multiple of relative magnitudes, and robust intervals of the headline.

    Nothing without a headline, or without two months before the base to compare.
    """
    made = _drift(effects) if isinstance(found, Estimate) else None
    if made is None or not isinstance(found, Estimate):
        return ()
    people = min(found.n_treated, found.n_comparison, found.n_smallest or found.n_treated)
    return (
        _breakdown(made, found.target.arm, people),
        *(_interval(made, effects, found, multiple, people) for multiple in MULTIPLES),
    )


def _drift(effects: Effects) -> Drift | None:
    """Of the headline's window, from effects on one base and at most a year of leads.

    The covariance is that of the event study, clustered by site. Under 40 sites the headline's
    interval rests on a t or on the permuted starts; the covariance is then stretched by the
    square of its critical value over the normal one, so that without drift the interval is the
    headline's.
    """
    event, (first, last) = effects.leads, effects.spec.follow_up.primary
    base = -1 - effects.spec.rollout.anticipation
    known = set(event.labels[event.std_error > 0].tolist())
    earliest = base
    while earliest - 1 in known and earliest - 1 >= LEADS[0][0]:
        earliest -= 1
    labels = [*range(earliest, base), *range(base + 1, last + 1)]
    if earliest == base or not known.issuperset(labels):
        return None
    places = np.searchsorted(event.labels, labels)
    after = np.array(labels)[base - earliest :]
    weights = (after >= first) / (last - first + 1)
    stretch = (_critical(effects) / _NORMAL) ** 2
    return drift_of(
        event.estimate[places],
        event.covariance[np.ix_(places, places)] * stretch,
        before=base - earliest,
        weights=weights,
    )


def _critical(effects: Effects) -> float:
    """Half the headline's interval in standard errors without the small-sample factor."""
    if effects.permuted is not None:
        return effects.permuted.critical
    reach = _NORMAL if np.isinf(effects.df) else float(stats.t.ppf(0.975, effects.df))
    return reach * float(np.sqrt(effects.factor))


def _breakdown(made: Drift, arm: str, people: int) -> Diagnostic:
    multiple = breakdown(made)
    most = min(multiple, LARGEST)
    said = f"{most:.2f} times"
    if multiple == 0:
        said = "none: the interval holds no effect already"
    elif multiple > LARGEST:
        said = f"over {LARGEST:g} times"
    coarse = said if multiple == 0 or multiple > LARGEST else f"about {most:.1f} times"
    return Diagnostic(
        name="drift_breakdown",
        label=f"Drift for the interval to reach no effect, {arm} (relative magnitudes)",
        value=most,
        display=said,
        threshold=_BREAKDOWN,
        status="note",
        remedy="",
        reveals_effect=True,
        n_smallest=people,
        coarse=(round(most, 1), coarse),
    )


def _interval(
    made: Drift, effects: Effects, found: Estimate, multiple: float, people: int
) -> Diagnostic:
    per_cent, unit = effects.spec.outcome.per_cent, found.target.unit
    low, high = (as_per_cent(e) if per_cent else e for e in robust_interval(made, multiple))
    scale = 100.0 if unit == "share" else 1.0
    places = max(1 - int(np.floor(np.log10(scale * found.std_error))), 0)
    return Diagnostic(
        name="drift_interval",
        label=f"Interval if sites move by up to {multiple:g} of the largest month before, "
        f"{found.target.arm}",
        value=None,
        display=f"{effect_text(low, unit, places)} to {effect_text(high, unit, places)}",
        threshold="95 % interval that allows for such a move each month after the start",
        status="note",
        remedy="",
        reveals_effect=True,
        n_smallest=people,
    )
