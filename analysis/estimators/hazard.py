"""Discrete-time hazards: the chance to leave in a month, of people still there at its start.

With the complementary log-log link the coefficients are those of a proportional-hazards model of
continuous time, seen in months (Prentice and Gloeckler 1978, Biometrics 34:57-67); with the logit
link they are log odds ratios of a month. Person-months with the same columns are one cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.binomial import LINKS, has, maximise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.binomial import LinkName, Problem, Shared

    Floats = NDArray[np.float64]

SEPARATION = (
    "the model tells the person-months with an exit apart completely (separation): "
    "some hazard runs to 0 or 1"
)
ONE_OUTCOME = "there is no person-month with an exit, or none without"
_REASONS: dict[Problem, str] = {"one outcome only": ONE_OUTCOME, "separation": SEPARATION}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """A fitted model: ``coefficients`` (p,), inverse expected information ``bread`` (p, p).

    ``bread`` is the model-based covariance; ``observed`` (p, p), the inverse of the observed
    information, is the bread of sandwiches (both as in statsmodels; equal under the logit link).
    Columns that follow from the ones before them have 0 in all three. ``shared`` are 0/1 columns
    with the value that all exits share: the hazard of other values is 0, its limit.
    """

    link: LinkName
    coefficients: Floats
    bread: Floats
    observed: Floats
    shared: Shared = ()

    def hazard(self, design: Floats) -> Floats:
        """The chance (c,) of an exit within the month, for rows of the same columns (c, p)."""
        chance = LINKS[self.link].chance(design @ self.coefficients)
        return np.asarray(np.where(has(design, self.shared), chance, 0.0))

    def residuals(self, design: Floats) -> tuple[Floats, Floats]:
        """Scores (c,) of a row with and without an exit: derivatives of its log likelihood in the
        linear predictor, for weight one. Both 0 where the hazard is 0 in the limit.
        """
        link, eta = LINKS[self.link], design @ self.coefficients
        told = has(design, self.shared).astype(np.float64)
        ones, zeros = np.ones(len(design)), np.zeros(len(design))
        return told * link.score(eta, ones, ones), told * link.score(eta, ones, zeros)


def fit_hazard(design: Floats, at_risk: Floats, events: Floats, link: LinkName) -> Hazard | str:
    """Maximum likelihood from ``design`` (c, p; a constant first), or why there is none.

    ``at_risk`` and ``events`` (c,) are counts of person-months or sums of weights, events among
    those at risk. Categories without any exit get hazard 0 and tell nothing else: let the
    reference category, which has no column of its own, be one with exits.
    """
    found = maximise(design, at_risk, events, LINKS[link])
    if isinstance(found, str):
        return _REASONS[found]
    return Hazard(
        link=link,
        coefficients=found.coefficients,
        bread=found.expected,
        observed=found.observed,
        shared=found.shared,
    )
