"""Where there can be no effect: the months before the choice, and negative controls."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from analysis.diagnostics import Diagnostic, Status
from analysis.diagnostics.wording import month_text, p_text
from analysis.estimate import Estimate
from analysis.sensitivity.e_value import ratio_of_standardised
from analysis.sensitivity.empirical_null import ENOUGH, empirical_null

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.diagnostics.thresholds import Thresholds
    from analysis.estimate import Result
    from analysis.sensitivity.empirical_null import EmpiricalNull
    from analysis.study import Window

_REMEDY = (
    "Joiners differed from comparators where mentoring cannot have acted, so something that "
    "drove the choice is missing. Find out what it was and adjust for it, or draw lots next time."
)
NAME_THEM = (
    "Name outcomes that mentoring cannot change (`negative_controls`): where even they differ, "
    "something else does."
)


def placebo(
    result: Result,
    window: Window,
    limits: Thresholds,
    *,
    when: str = "",
    tests: int = 1,
    spent: float = 0.0,
) -> Diagnostic:
    """Verdict on the effect found in months before those that were adjusted for.

    A future mentee has no effect yet. ``when`` says it in other words than the months. All looks
    for hidden selection share one level, or good data would fail more often than it says: ``spent``
    of it goes to negative controls, the rest to so many ``tests``, one an arm (Bonferroni).
    """
    level = max(limits.placebo_fail_p - spent, limits.placebo_fail_p / 2)
    when = when or f"in months {month_text(window[0])} to {month_text(window[1])}"
    estimate = result if isinstance(result, Estimate) else None
    p_value = None if estimate is None else estimate.p_value
    status: Status = "note"
    if p_value is not None:
        status = _verdict(p_value, limits.placebo_warn_p, tests * p_value, level)
    after = " left by the negative controls" if spent else ""
    after += f" after Bonferroni over {tests} arms" if tests > 1 else ""
    return Diagnostic(
        name="placebo",
        label=f"No effect {when}, before the choice, {result.target.arm}",
        value=p_value,
        display="not enough outcomes that early" if p_value is None else p_text(p_value),
        threshold=f"warn below p = {limits.placebo_warn_p:g}, fail below p = {level:g}{after}",
        status=status,
        remedy=_REMEDY
        if status in ("warn", "fail")
        else "Deliver outcomes of a year before the start."
        if status == "note"
        else "",
        n_smallest=None if estimate is None else min(estimate.n_treated, estimate.n_comparison),
        coarse=None if p_value is None else (float(f"{p_value:.1g}"), p_text(p_value)),
    )


def negative_controls(
    results: Sequence[Result], limits: Thresholds, *, asked: str = "", arms: int = 1
) -> Diagnostic:
    """Verdict on outcomes that mentoring cannot change: the smallest p, as it is and after Holm.

    Holm's family is that of all ``arms``. With 30 controls or more also their mean absolute
    systematic error (EASE). ``asked``: what to do where there are none.
    """
    found = _with_p(results)
    smallest = min((float(r.p_value or 0.0) for r in found), default=None)
    status: Status = "note"
    if smallest is not None:
        status = _verdict(
            smallest,
            limits.negative_control_warn_p,
            min(1.0, smallest * len(found) * arms),
            limits.negative_control_fail_p,
        )
    null, more, limit = null_of(results), "", ""
    over = f" over {arms} arms" if arms > 1 else ""
    if null is not None:
        more = f", EASE {null.ease:.2f}"
        limit = f" or above EASE {limits.negative_control_ease:g}"
        status = "fail" if null.ease > limits.negative_control_ease else status
    return Diagnostic(
        name="negative_controls",
        label="No effect on outcomes that mentoring cannot change",
        value=smallest,
        display="none could be looked at"
        if smallest is None
        else f"smallest {p_text(smallest)} of {len(found)}{more}",
        threshold=f"warn below p = {limits.negative_control_warn_p:g}, fail below p = "
        f"{limits.negative_control_fail_p:g} after Holm{over}{limit}",
        status=status,
        remedy=_REMEDY if status in ("warn", "fail") else "" if results else asked,
        n_smallest=min((min(r.n_treated, r.n_comparison) for r in found), default=None),
        coarse=None
        if smallest is None
        else (float(f"{smallest:.1g}"), f"smallest {p_text(smallest)} of {len(found)}{more}"),
    )


def null_of(results: Sequence[Result]) -> EmpiricalNull | None:
    """The empirical null of 30 or more controls: ratios, or differences in standard deviations."""
    found = _with_p(results)
    if len(found) < ENOUGH:
        return None
    one_sd = math.log(ratio_of_standardised(1.0))
    pairs = [
        (math.log(r.estimate), r.std_error / r.estimate)
        if r.target.unit == "ratio"
        else (one_sd * r.estimate, one_sd * r.std_error)
        for r in found
    ]
    log_ratios, std_errors = np.array(pairs).T
    return empirical_null(log_ratios, std_errors)


def _with_p(results: Sequence[Result]) -> list[Estimate]:
    return [r for r in results if isinstance(r, Estimate) and r.p_value is not None]


def _verdict(warn_p: float, warn: float, fail_p: float, fail: float) -> Status:
    if fail_p < fail:
        return "fail"
    return "warn" if warn_p < warn else "pass"
