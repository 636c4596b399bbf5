"""Starters and comparators at the baselines of their trials: who could have been either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.cells import Cells
from analysis.estimators.logit import fit_logit
from analysis.exits.calendar import calendar_month

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.exits.setting import Compared, ExitSetting

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Starters:
    """Entries as cells of their baseline, and the chance (c,) of being one who starts.

    ``names`` of the columns after the constant, ``month`` (c,) of each trial. ``weight``: of each
    person compared, over all their trials; ``effective`` is the effective number of these people.
    """

    cells: Cells
    names: tuple[str, ...]
    chance: Floats
    month: NDArray[np.int64]
    weight: Floats

    @property
    def effective(self) -> float:
        """Kish's effective sample size of the comparison."""
        return float(self.weight.sum() ** 2 / (self.weight**2).sum())


def starters_of(setting: ExitSetting, compared: Compared) -> Starters | str:
    """The chance to start by baseline covariates, tenure and calendar, or why there is none."""
    entries, layout, careers = compared.entries, compared.layout, setting.careers
    month, row = entries.month, entries.row
    tenure = layout.tenure_code(month - calendar_month(careers.hired[row]))
    pattern = layout.baseline.at(row, entries.column)
    first, cell = _alike(pattern, month, tenure)
    pattern, month, tenure = pattern[first], month[first], tenure[first]
    none = np.zeros(len(pattern), dtype=np.int64)
    design = layout.rows(pattern, month, tenure, none, none)
    people = np.stack(
        [np.bincount(cell, weights=entries.treated == arm) * 1.0 for arm in (False, True)]
    )
    used = np.ptp(design, axis=0) > 0
    used[0] = True
    fitted = fit_logit(design[:, used], people)
    if isinstance(fitted, str):
        return fitted
    nothing = np.zeros(people.shape)  # no outcome is looked at here
    cells = Cells(
        design=design[:, used], people=people, total=nothing,
        within=nothing, cluster=None, fold=None, centre=0.0, size=1.0,
    )  # fmt: skip
    odds = fitted.chance / (1 - fitted.chance)
    person = np.unique(careers.person[row], return_inverse=True)[1]
    weight = np.bincount(person, weights=np.where(entries.treated, 0.0, odds[cell]))
    others = np.bincount(person, weights=~entries.treated) > 0
    names = tuple(n for n, kept in zip(layout.names, used, strict=True) if kept)[1:]
    return Starters(
        cells=cells, names=names, chance=fitted.chance, month=month,
        weight=np.asarray(weight[others], dtype=np.float64),
    )  # fmt: skip


def _alike(*codes: Ints) -> tuple[Ints, Ints]:
    """The place of the first of each combination of codes (n,), in their order, and whose is whose.

    One number a combination: sorting numbers is much faster than sorting rows of them.
    """
    key = np.zeros(len(codes[0]), dtype=np.int64)
    for code in codes:
        least = int(code.min(initial=0))
        key = key * (int(code.max(initial=0)) - least + 1) + (code - least)
    _, first, cell = np.unique(key, return_index=True, return_inverse=True)
    return first, cell
