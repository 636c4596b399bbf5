"""Do joiners lack outcomes more or less often than people like them who stayed out?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic, Status
from analysis.diagnostics.thresholds import DEFAULT, Thresholds
from analysis.diagnostics.wording import per_cent, points_text, whole_points_text
from analysis.estimate import Estimate

if TYPE_CHECKING:
    from analysis.estimate import Result

_REMEDY = (
    "Find out why results are missing more often in one group (exits, a changed team, late "
    "reporting); the answer is about those who stayed."
)


def missing_outcome(result: Result, limits: Thresholds = DEFAULT) -> Diagnostic:
    """Verdict on the adjusted difference in the share of months with an outcome.

    ``result`` is the headline's estimator on that share: joiners and others who were alike
    before are compared, since who joins also stays longer whatever the programme does.
    """
    estimate = result if isinstance(result, Estimate) else None
    threshold = (
        f"warn above {per_cent(limits.missing_warn)} points either way, fail when the "
        f"95 % limit nearest zero is above {per_cent(limits.missing_fail)} points"
    )
    label = f"Outcome recorded, {result.target.arm} less comparable others"
    if estimate is None:  # with every share the same there is no difference to speak of
        return Diagnostic(
            name="differential_missing_outcome",
            label=label,
            value=None,
            display=getattr(result, "reason", ""),
            threshold=threshold,
            status="note",
            remedy="",
        )
    difference, low, high = estimate.estimate, estimate.ci_low, estimate.ci_high
    status: Status = "pass"
    if max(low, -high, 0.0) > limits.missing_fail:
        status = "fail"
    elif abs(difference) > limits.missing_warn:
        status = "warn"
    return Diagnostic(
        name="differential_missing_outcome",
        label=label,
        value=difference,
        display=f"{points_text(difference)} (95 % interval {points_text(low).split()[0]} to "
        f"{points_text(high)})",
        threshold=threshold,
        status=status,
        remedy="" if status == "pass" else _REMEDY,
        n_smallest=min(estimate.n_treated, estimate.n_comparison),
        coarse=(
            round(difference, 2),
            f"{whole_points_text(difference)} (95 % interval "
            f"{whole_points_text(low).split()[0]} to {whole_points_text(high)})",
        ),
    )
