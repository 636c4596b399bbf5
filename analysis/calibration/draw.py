"""Draws of placebo programmes from the pool: who is asked when, and who joins.

*Random* programmes draw joiners with equal chances: a test of intervals. *Matched* ones draw them
with the chance of joining that the real programme's covariates give, so that those who join differ
from the others as they do in the real one: a test of the adjustment on the real outcome. Neither
has selection on something that is not recorded.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.estimators.choice import choice_of
from analysis.estimators.logit import fit_logit
from analysis.opt_in import as_adjusted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.calibration.pool import Pool
    from analysis.panel import Panel

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def pick(pool: Pool, rng: np.random.Generator) -> Ints:
    """Units of one placebo programme, ascending: everybody once, as many as in the real study.

    It begins in as many months as the real one, drawn from those of the pool; of a person's units
    in these each is as likely.
    """
    months = np.unique(pool.month)
    chosen = rng.choice(months, size=min(pool.rounds, len(months)), replace=False)
    units = np.flatnonzero(np.isin(pool.month, chosen))
    units = rng.permutation(units)
    units = units[np.unique(pool.of[units], return_index=True)[1]]  # the first of each person
    return np.sort(rng.permutation(units)[: len(pool.real.people)])


def chances(pool: Pool) -> Floats | str:
    """Each unit's chance of joining by the real study's propensity model, or why there is none.

    The model is the one the study itself fits: logit on its covariates, gaps completed alike.
    """
    both = _stacked(pool)
    adjusted = as_adjusted(both, pool.spec)
    choice = choice_of(adjusted, np.zeros(len(both.people)), pool.spec.missing_covariates)
    real = choice.place < len(pool.real.people)
    design = np.column_stack([np.ones(len(choice.place)), choice.covariates])
    joined = choice.treated[real].astype(np.float64)
    model = fit_logit(design[real], np.stack([1 - joined, joined]))
    if isinstance(model, str):
        return model
    found = np.zeros(len(pool.of))  # whoever lacks a covariate that may not be missing never joins
    found[choice.place[~real] - len(pool.real.people)] = model.predict(design[~real])
    return found


def lots(strata: Ints, share: float, rng: np.random.Generator) -> Bools:
    """Who wins (n,): the share of each stratum, a remainder of a place by lot."""
    won = np.zeros(len(strata), dtype=bool)
    for stratum in np.unique(strata):
        inside = rng.permutation(np.flatnonzero(strata == stratum))
        won[inside[: int(len(inside) * share + rng.random())]] = True
    return won


def programme(pool: Pool, units: Ints, joined: Bools) -> Panel:
    """The panel of a placebo programme: these units, the joined ones in the treated arm."""
    counts = np.diff(pool.first_row)[units]
    person = np.repeat(np.arange(len(units)), counts)
    before = np.cumsum(counts) - counts
    place = np.arange(len(person)) - before[person] + pool.first_row[units][person]
    people = pool.panel.people.take(units).reset_index(drop=True)
    arm = np.where(joined, pool.panel.treated[0], pool.panel.comparison)
    changed = {"person": np.arange(len(units)), "arm": arm}
    if pool.spec.cluster == "person":
        changed["cluster"] = np.arange(len(units))
    rows = pool.panel.rows.take(place).reset_index(drop=True)
    return replace(pool.panel, people=people.assign(**changed), rows=rows.assign(person=person))


def _stacked(pool: Pool) -> Panel:
    """The real study's people, then the units."""
    n = len(pool.real.people)
    parts = (pool.real, pool.panel)
    people = pd.concat([part.people for part in parts], ignore_index=True)
    rows = pd.concat([pool.real.rows, pool.panel.rows.assign(person=pool.panel.rows["person"] + n)])
    people = people.assign(person=np.arange(len(people)), stratum=0)  # months have no chance
    return replace(pool.panel, people=people, rows=rows.reset_index(drop=True))
