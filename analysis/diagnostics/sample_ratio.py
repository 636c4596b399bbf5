"""Sample ratio: do the arms have the sizes that the draw should have given?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.diagnostics import Diagnostic, Status
from analysis.diagnostics.wording import p_text, per_cent
from analysis.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.diagnostics.thresholds import Thresholds
    from analysis.panel import Panel
    from analysis.study import StudySpec

_LABEL = "Sizes of the arms against the planned shares"
_REMEDY = (
    "Ask who kept the list: people added, removed or moved after the draw. Compare the arms "
    "with the list as drawn, before any outcome is looked at."
)


def sample_ratio(panel: Panel, spec: StudySpec) -> Diagnostic:
    """Chi-square of arm counts against the planned shares, summed over strata.

    Raises SpecError where allocation.share cannot be a plan for these arms.
    """
    limits, counts = spec.thresholds, arm_counts(panel)
    total = counts.sum(axis=0)
    shares = planned_shares(panel, spec)
    base = Diagnostic(
        name="sample_ratio",
        label=_LABEL,
        value=None,
        display="no planned share declared",
        threshold=_threshold(limits),
        status="note",
        remedy="Write the planned share of each treated arm under allocation.share.",
        n_smallest=int(total.min()),
    )
    if shares is None:
        return base
    if not total.sum():
        return replace(base, display="no people", remedy="Check the arms of the study.")
    _, p_value = chi_square(counts, shares)
    deviation = float(np.abs(total / total.sum() - shares).max())
    status: Status = "pass"
    if p_value < limits.sample_ratio_fail_p and deviation >= limits.sample_ratio_fail_deviation:
        status = "fail"
    elif p_value < limits.sample_ratio_warn_p:
        status = "warn"
    return replace(
        base,
        value=p_value,
        display=f"{p_text(p_value)}, largest deviation {100 * deviation:.2f} points",
        coarse=(
            float(f"{p_value:.2g}"),
            f"{p_text(p_value)}, largest deviation {100 * deviation:.1f} points",
        ),
        status=status,
        remedy="" if status == "pass" else _REMEDY,
    )


def arm_counts(panel: Panel) -> NDArray[np.float64]:
    """People by stratum and arm (strata, arms), treated arms in order, the comparison last."""
    table = panel.people.groupby(["stratum", "arm"]).size().unstack("arm", fill_value=0)
    arms = [*panel.treated, panel.comparison]
    return table.reindex(columns=arms, fill_value=0).to_numpy(dtype=float)


def chi_square(counts: NDArray[np.float64], shares: NDArray[np.float64]) -> tuple[float, float]:
    """Pearson's chi-square of counts (strata, arms) against shares (arms,), and its p-value."""
    expected = counts.sum(axis=1, keepdims=True) * shares
    statistic = float(((counts - expected) ** 2 / expected).sum())
    return statistic, float(stats.chi2.sf(statistic, counts.shape[0] * (counts.shape[1] - 1)))


def planned_shares(panel: Panel, spec: StudySpec) -> NDArray[np.float64] | None:
    """Planned share of each arm, treated arms in order and the comparison last; None if undeclared.

    One number holds for each treated arm.
    """
    declared = spec.allocation.share
    if declared is None:
        return None
    if isinstance(declared, float):
        declared = dict.fromkeys(panel.treated, declared)
    if set(declared) != set(panel.treated):
        raise SpecError(
            "allocation.share",
            "does not name exactly the treated arms",
            f"Give a share for each of {', '.join(panel.treated)}.",
        )
    treated = [declared[arm] for arm in panel.treated]
    if min(treated) <= 0 or sum(treated) >= 1:
        raise SpecError(
            "allocation.share",
            "leaves an arm without people",
            "Write the planned share of each treated arm, above 0, together below 1.",
        )
    return np.array([*treated, 1 - sum(treated)])


def _threshold(limits: Thresholds) -> str:
    return (
        f"warn below p = {limits.sample_ratio_warn_p:g}, fail below p = "
        f"{limits.sample_ratio_fail_p:g} with a deviation of "
        f"{per_cent(limits.sample_ratio_fail_deviation)} points or more"
    )
