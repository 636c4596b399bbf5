"""How strong an unmeasured common cause of mediator and outcome would have to be.

Even a drawn exposure leaves the mediator undrawn. Its regression and the outcome's may have
correlated errors (rho), which no data show; the indirect effect is known as a function of rho
(Imai, Keele and Yamamoto 2010, Statistical Science 25:51, theorem 4), and is 0 where rho is the
correlation of the errors that remain without the mediator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.mediation import solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.mediation import Paths

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """One mediator. ``rho`` is the error correlation at which its indirect effect is 0.

    ``moved`` is what the exposure does to the mediator, ``scale`` the ratio of the standard
    deviations of both errors, outcome over mediator. ``outcome_share`` and ``mediator_share`` are
    the shares of the variances that exposure and controls leave unexplained.
    """

    rho: float
    moved: float
    scale: float
    outcome_share: float
    mediator_share: float

    def indirect(self, rho: Floats) -> Floats:
        """The indirect effect (k,) if the errors had these correlations, each within -1 and 1."""
        ratio = np.sqrt((1 - self.rho**2) / (1 - rho**2))
        return np.asarray(self.moved * self.scale * (self.rho - rho * ratio))

    @property
    def explained(self) -> float:
        """Product of the shares of both variances that a common cause must explain for an effect
        of 0 (the proportion of the original variances, their section 5.2).
        """
        return self.rho**2 * self.outcome_share * self.mediator_share


def sensitivity(paths: Paths, gram: Floats) -> dict[str, Sensitivity]:
    """The sensitivity of each mediator from the cross-products (p, p), by its name.

    Other mediators stand among the controls of both regressions: what is asked is a common cause
    of this one and the outcome beside them. Without moderator and interaction.
    """
    found: dict[str, Sensitivity] = {}
    stack = gram[None]
    through = [(j, name) for j, name in zip(paths.mediators, paths.names, strict=True)]
    for column, name in through:
        others = tuple(j for j in paths.mediators if j != column)
        on = (*range(paths.controls), paths.exposure, *others)
        left = _residual(gram, on, (column, paths.outcome))
        whole = _residual(gram, (0,), (column, paths.outcome))
        m, y = np.sqrt(np.diagonal(left))
        before = paths.mediators[: paths.mediators.index(column)]
        of = (*paths.of_mediators, *(before if paths.order == "serial" else ()))
        found[name] = Sensitivity(
            rho=float(left[0, 1] / (m * y)),
            moved=float(solve(stack, of, (column,))[0, paths.exposure, 0]),
            scale=float(y / m),
            mediator_share=float(left[0, 0] / whole[0, 0]),
            outcome_share=float(left[1, 1] / whole[1, 1]),
        )
    return found


def _residual(gram: Floats, on: tuple[int, ...], of: tuple[int, ...]) -> Floats:
    """Cross-products (t, t) of what regressions of ``of`` on ``on`` leave."""
    found = solve(gram[None], on, of)[0]
    return np.asarray(gram[np.ix_(of, of)] - gram[np.ix_(of, on)] @ found)
