"""What weights for joiners cost a study of so many people, from who joined in the past.

The headline weights each of the others by their odds of joining, and takes a predicted outcome
off everybody's; both models come from the people of other folds. With few people that costs more
than Kish's design effect of the true odds says:

- odds from other people's fit are lognormal about the true ones, with the variance that the
  inverse information of a logit has (McCullagh & Nelder 1989, section 4.4.4); their squares
  average the larger for it;
- predictions for people a model has not seen stray by x' E[(X'X)^-1] x of the residual variance
  (for normal covariates: Rosset & Tibshirani 2020, Journal of the American Statistical
  Association 115:138-151, section 3).

The errors of the two models meet in a product besides, which is left out: it is of the second order
(Chernozhukov et al. 2018, Econometrics Journal 21:C1-C68, section 1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.linear import independent
from analysis.estimators.nuisance import FOLDS
from analysis.planning.power import Errors, critical_t, smallest_difference, units_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from analysis.planning.spread import Spread

    Floats = NDArray[np.float64]

_FEWEST = 3  # people or clusters, for one degree of freedom
_REST = 1 - 1 / FOLDS  # the share of people that models are fitted to


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """The others of the past: ``columns`` (n, k), a constant first, and ``odds`` (n,) of joining.

    ``seen`` is the share of people who have an outcome.
    """

    columns: Floats
    odds: Floats
    seen: float = 1.0

    @property
    def cost(self) -> float:
        """By how much weights make the comparison smaller in large studies (Kish 1965)."""
        return float(len(self.odds) * (self.odds @ self.odds) / self.odds.sum() ** 2)

    def fewest(self, share: float) -> float:
        """People beyond which a fold leaves enough to fit the models to; ``share`` join."""
        terms = int(independent(self.columns).sum())
        return (terms + 2) / (self.seen * _REST * min(share, 1 - share))

    def errors(self, treated: float, comparison: float) -> Errors:
        """Of an effect where the variance of a person is 1; infinite below ``fewest``."""
        x = self.columns[:, independent(self.columns)]
        if treated + comparison <= self.fewest(treated / (treated + comparison)):
            return Errors(variance=np.inf, reported=np.inf, df=1.0)
        odds = self.odds * (treated / comparison) / self.odds.mean()
        fitted = self.seen * _REST * comparison  # others that a model is fitted to
        second = x.T @ x / len(x)
        outcome = np.linalg.inv(second) / (fitted - x.shape[1] - 1)
        chance = np.linalg.inv(x.T @ (x * (odds / (1 + odds))[:, None]) / len(x)) / fitted
        with np.errstate(over="ignore"):
            square = odds**2 * np.exp(2 * _quadratic(x, chance))
        beyond = 1 + _quadratic(x, outcome)
        others = square * beyond * comparison / treated**2  # of each, times their number
        own = float(odds @ beyond) / float(odds.sum()) / treated
        reported = own + float(others.mean())
        spread = own**2 / treated + float((others**2).mean()) / comparison
        return Errors(
            variance=reported,
            reported=reported,
            df=max(1.0, self.seen * reported**2 / spread),
        )


def _quadratic(x: Floats, inner: Floats) -> Floats:
    """The form x' A x of each row (n,)."""
    return np.asarray(((x @ inner) * x).sum(axis=1))


def _unit(spread: Spread) -> tuple[float, float]:
    """Variance of what errors are counted by, a cluster or a person, and the people it is."""
    if spread.clusters and spread.of_clusters:
        return spread.of_clusters, spread.people / spread.clusters
    return spread.variance, 1.0


def smallest_by_people(
    spread: Spread, joining: Joining | None, share: float, power: float
) -> Callable[[float], float]:
    """The smallest effect that so many people of both arms see, ``share`` of them treated.

    Counted by clusters where errors are; infinite where there are too few of either. Without
    ``joining`` the comparison is that of a draw.
    """
    variance, each = _unit(spread)

    def smallest(people: float) -> float:
        units, arms = people / each, (share * people, (1 - share) * people)
        if units < _FEWEST:
            return math.inf
        if joining is None:
            return smallest_difference(variance, arms[0] / each, arms[1] / each, power)
        one = joining.errors(*arms)
        made = Errors(variance=one.variance, reported=one.reported, df=min(one.df, units - 1))
        return made.smallest(power, critical_t(units - 1)) * math.sqrt(variance * each)

    return smallest


def people_needed(
    effect: float, spread: Spread, joining: Joining | None, share: float, power: float
) -> float:
    """People of both arms together that see this effect."""
    fewest = _FEWEST * _unit(spread)[1]
    if joining is not None:
        fewest = max(fewest, joining.fewest(share) * (1 + 1e-9))
    return units_for(effect, smallest_by_people(spread, joining, share, power), fewest)
