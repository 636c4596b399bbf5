"""Meetings instrumented by a drawn offer: what each would do if the offer acted through them alone.

The share of an offer's effect a meeting is an average over people whose meetings the offer moves,
weighted by how far (average causal response: Angrist and Imbens 1995, Journal of the American
Statistical Association 90:431).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.estimate import NotEstimable
from analysis.estimators.dose import DOSE, EACH
from analysis.estimators.first_stage import stages, with_smallest
from analysis.estimators.results import NO_FREEDOM, make_estimate, make_target
from analysis.estimators.two_stage import wald

if TYPE_CHECKING:
    from analysis.estimate import Result
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

INSTRUMENTED = "instrumented by the offer"  # the report knows the assumption by these words


def instrumented_dose(panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
    """Two-stage least squares of the outcome on meetings, or hours, for each arm of a lottery.

    Amounts of mentoring alone: an offer acts through everything that a pair does, so that a
    practice beside others can never be all of it. Only where the first stage is strong (F of at
    least 10); in ``count`` outcomes as a difference, since a ratio does not divide by meetings.
    """
    names = [name for name in spec.dose if name in EACH]
    return tuple(
        _one(panel.pair(arm), spec, window, name, spec.thresholds.weak_first_stage)
        for name in names
        for arm in panel.treated
    )


def _one(pair: Panel, spec: StudySpec, window: Window, name: str, weak: float) -> Result:
    log = spec.outcome.transform == "log"
    unit = spec.unit if log or not spec.outcome.per_cent else spec.outcome.natural_unit
    target = make_target(
        pair, spec, pair.treated[0], window,
        name=f"{DOSE} {INSTRUMENTED}: {name}",
        estimator=f"Two-stage least squares, {name} {INSTRUMENTED}",
        estimand=f"effect of {EACH[name]} if the offer acts through {name} alone",
        unit=f"{unit} {EACH[name]}",
    )  # fmt: skip
    dose = pair.people[f"{DOSE}: {name}"]
    both = stages(
        replace(pair, people=pair.people.assign(take_up=dose)), spec, window, adjusted=True
    )
    if isinstance(both, str):
        return NotEstimable(target=target, reason=both.replace("taking part", name))
    moved, error = both.first.figures(0)
    if not abs(moved) > error * weak**0.5:
        reason = f"the offer moves {name} too little to divide by (first-stage F under {weak:g})"
        return NotEstimable(target=target, reason=reason)
    figures = wald(both)
    if figures is None:
        return NotEstimable(target=target, reason=NO_FREEDOM)
    return with_smallest(make_estimate(target, figures, log=log), both)
