"""Balance after adjustment: joiners against the others, before and after weighting (love plot)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.balance import Balance
from analysis.diagnostics import Diagnostic, Status
from analysis.diagnostics.alike import counter, mean_and_variance, rows_of, sides
from analysis.diagnostics.overlap import extreme, overlap_of, weights_of
from analysis.diagnostics.wording import tenth_of_sd
from analysis.estimators.rare import FEW
from analysis.estimators.weighting import effective_size, weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.cells import Cells
    from analysis.estimators.opt_in_setting import Setting

_LEVEL = 0.05  # of the test that a difference is above the limit, shared by all covariates
_REMEDY = (
    "Joiners and the weighted others still differ. Adjust for the covariates named in the love "
    "plot in another form (squares, categories), or study people who are closer to each other."
)


@dataclass(frozen=True, slots=True)
class Difference:
    """Standardised mean difference of a covariate, joiners less others, before and after."""

    covariate: str
    before: float
    after: float


def love_plot(
    names: tuple[str, ...], cells: Cells, chance: NDArray[np.float64]
) -> tuple[Difference, ...]:
    """One difference a covariate that varies, in its unweighted pooled standard deviations.

    The others are weighted by their odds of joining; the joiners are left as they are.
    """
    columns, odds = cells.design[:, 1:], weights(chance, "att")[0]
    others, joined, pooled = sides(columns, cells.people)
    weighted, _ = mean_and_variance(columns, cells.people[0] * odds)
    return tuple(
        Difference(name, float(before / sd), float(after / sd))
        for name, before, after, sd in zip(
            names, joined - others, joined - weighted, pooled, strict=True
        )
        if sd > 0
    )


def adjusted_balance(setting: Setting, chance: NDArray[np.float64] | None) -> Diagnostic:
    """The largest difference left after weighting, and whether it surely is above the limit."""
    limit = setting.spec.thresholds.adjusted_smd
    threshold = f"warn above {limit:g} SD, fail when it is surely above {limit:g} SD"
    differences = () if chance is None else love_plot(setting.choice.names, setting.cells, chance)
    if chance is None or not differences:
        return Diagnostic(
            name="adjusted_balance",
            label=_label(setting),
            value=None,
            display="the weights could not be made"
            if chance is None
            else "nothing to adjust for was named",
            threshold=threshold,
            status="fail",
            remedy="Name what drove the choice under adjust_for: without it nothing is compared.",
        )
    largest = max(abs(d.after) for d in differences)
    status: Status = "pass"
    if largest > limit:
        surely = (largest - limit) / _error(setting.cells, chance)
        critical = float(stats.norm.isf(_LEVEL / len(differences)))
        status = "fail" if surely > critical else "warn"
    return Diagnostic(
        name="adjusted_balance",
        label=_label(setting),
        value=largest,
        display=f"{largest:.2f} SD ({len(differences)} covariates)",
        threshold=threshold,
        status=status,
        remedy="" if status == "pass" else _REMEDY,
        n_smallest=min(setting.choice.people),
        coarse=(round(largest, 1), f"{tenth_of_sd(largest)} ({len(differences)} covariates)"),
        balances=(_balance_of(setting, chance, differences),),
    )


def _balance_of(
    setting: Setting, chance: NDArray[np.float64], differences: tuple[Difference, ...]
) -> Balance:
    """The love plot, where the choices overlap, and the weights of the comparison."""
    cells = setting.cells
    rows, rest = rows_of(
        setting.choice.names,
        cells.design[:, 1:].T,
        counter(cells.people),
        {d.covariate: (d.before, d.after) for d in differences},
    )
    odds = weights(chance, "att")[0]
    return Balance(
        arm=setting.arm,
        comparison=setting.pair.comparison,
        people=setting.choice.people,
        rows=rows,
        rest=rest,
        limit=setting.spec.thresholds.adjusted_smd,
        overlap=overlap_of(cells, chance),
        weights=weights_of(odds, cells.people[0], extreme(cells, chance)),
    )


def _label(setting: Setting) -> str:
    return f"Largest difference left between {setting.arm} and the weighted comparison"


def _error(cells: Cells, chance: NDArray[np.float64]) -> float:
    """Standard error of a standardised difference, the weights taken as given."""
    size = effective_size(cells.people[0], weights(chance, "att")[0])
    return float(np.sqrt(1 / max(size, 1.0) + 1 / max(cells.counts[1], 1.0)))


def rare_categories(setting: Setting) -> tuple[Diagnostic, ...]:
    """A note where categories of few people count with others; only the covariate is named."""
    if not setting.choice.rare:
        return ()
    return (
        Diagnostic(
            name="rare_categories",
            label=f"Categories of fewer than {FEW} people that count with others, {setting.arm}",
            value=None,
            display=", ".join(setting.choice.rare),
            threshold="not gated: they had nobody to be compared with",
            status="note",
            remedy="",
        ),
    )
