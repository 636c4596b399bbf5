"""Do joiners lack outcomes more or less often than people like them who stayed out?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic
from analysis.diagnostics.response import missing_verdict
from analysis.estimate import NotEstimable

if TYPE_CHECKING:
    from analysis.diagnostics.thresholds import Thresholds
    from analysis.estimate import Result

_REMEDY = (
    "Find out why results are missing more often in one group (exits, a changed team, late "
    "reporting); the answer is about those who stayed."
)


def missing_outcome(result: Result, n_smallest: int, limits: Thresholds) -> Diagnostic:
    """Verdict on the adjusted difference in the share of months with an outcome.

    ``result`` is the headline's estimator on that share: joiners and others who were alike
    before are compared, since who joins also stays longer whatever the programme does.
    ``n_smallest`` is the fewest people of a group that the shares tell of.
    """
    label = f"Outcome recorded, {result.target.arm} less comparable others"
    if isinstance(result, NotEstimable):
        return Diagnostic(
            name="differential_missing_outcome",
            label=label,
            value=None,
            display="no difference could be estimated",
            threshold="",
            status="note",
            remedy=f"Not estimated: {result.reason}.",
        )
    figures = (result.estimate, result.ci_low, result.ci_high)
    return missing_verdict(label, figures, n_smallest, limits, _REMEDY)
