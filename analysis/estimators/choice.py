"""People who joined and people who did not, as arrays: one outcome a person over a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.estimate import TOO_FEW
from analysis.estimators.cells import build_cells
from analysis.estimators.nuisance import FOLDS, draw_folds, draw_folds_within
from analysis.estimators.rare import rare_columns
from analysis.estimators.sample import MIN_PEOPLE, dummies, fill_missing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.cells import Cells
    from analysis.estimators.sample import Missing
    from analysis.panel import Panel
    from analysis.study import Window

_STREAM = 4001  # keeps the draw of folds apart from other draws of the study


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Person-aligned arrays (n,) of one treated arm and the comparison; nobody without outcome.

    ``covariates`` (n, k), named by ``names``, have no gaps. ``place`` is the row of each person
    in the people of the pair. ``clustered``: several people may share a cluster. ``rare``: what has
    categories of a few people who all joined and count with others.
    """

    outcome: NDArray[np.float64]
    treated: NDArray[np.bool_]
    covariates: NDArray[np.float64]
    names: tuple[str, ...]
    cluster: NDArray[np.int64]
    place: NDArray[np.intp]
    clustered: bool
    rare: tuple[str, ...] = ()

    @property
    def people(self) -> tuple[int, int]:
        """People who joined, people who did not."""
        joined = int(self.treated.sum())
        return joined, len(self.treated) - joined

    @property
    def groups(self) -> int:
        """Clusters, or people where everybody is one of their own."""
        return len(np.unique(self.cluster))


def build_choice(pair: Panel, window: Window, missing: Missing) -> Choice:
    """Mean outcome of each person over the event months of the window that they have."""
    rows = pair.between(*window).rows
    place = pd.Index(pair.people["person"]).get_indexer(rows["person"])
    known = place >= 0
    count = np.bincount(place[known], minlength=len(pair.people))
    total = np.bincount(place[known], weights=rows["outcome"][known], minlength=len(pair.people))
    outcome = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return choice_of(pair, outcome, missing)


def choice_of(pair: Panel, outcome: NDArray[np.float64], missing: Missing) -> Choice:
    """The people of the pair who have this outcome (n,; nan where not), covariates completed.

    Strata (rounds, sites of the offer) enter as covariates, each but the first.
    """
    people = pair.people
    kept = ~np.isnan(outcome)
    raw = (
        people[list(pair.covariates)]
        .to_numpy(dtype=float)
        .reshape(len(people), len(pair.covariates))
    )
    if missing == "drop":
        kept &= ~np.isnan(raw).any(axis=1)
    place = np.flatnonzero(kept)
    raw = raw[place]
    absent = np.isnan(raw).any(axis=0)
    strata = dummies(people["stratum"].to_numpy(dtype=np.int64)[place])
    names = (
        *(f"stratum {i}" for i in range(2, strata.shape[1] + 2)),
        *pair.covariates,
        *(f"{name} missing" for name, gap in zip(pair.covariates, absent, strict=True) if gap),
    )
    treated = (people["arm"] != pair.comparison).to_numpy()[place]
    gaps = np.isnan(raw)[:, absent].astype(np.float64)
    rare = rare_columns(np.hstack([strata, raw, gaps]), names, treated)
    cluster = people["cluster"].to_numpy(dtype=np.int64)[place]
    return Choice(
        outcome=outcome[place],
        treated=treated,
        covariates=np.hstack([strata, fill_missing(raw)])[:, ~rare],
        names=tuple(name for name, left_out in zip(names, rare, strict=True) if not left_out),
        cluster=cluster,
        place=place,
        clustered=len(np.unique(cluster)) < len(cluster),
        rare=tuple(dict.fromkeys(_plain(n) for n, r in zip(names, rare, strict=True) if r)),
    )


def _plain(name: str) -> str:
    """The covariate of a column."""
    return name.removesuffix(" missing").split("=")[0]


def cells_of(choice: Choice, seed: int, *, folds: int = FOLDS, exact_rows: bool = False) -> Cells:
    """The cells of these people, with folds drawn from the study's seed."""
    rng = np.random.default_rng([seed, _STREAM])
    if choice.clustered:
        fold = draw_folds(choice.cluster, rng, folds)
    else:
        fold = draw_folds_within(_kinds(choice), rng, folds)
    return build_cells(
        choice.covariates,
        choice.treated,
        choice.outcome,
        cluster=choice.cluster if choice.clustered else None,
        fold=fold,
        exact_rows=exact_rows,
    )


def _kinds(choice: Choice) -> NDArray[np.float64]:
    """Who joined and every column of two values, a row a person."""
    columns = [c for c in choice.covariates.T if len(np.unique(c)) == 2]
    return np.column_stack([choice.treated, *columns]).astype(np.float64)


def not_comparable(choice: Choice, arm: str, comparison: str) -> str | None:
    """Why these people cannot be compared at all, in plain words; None where they can."""
    if not len(choice.outcome):
        return "nobody has an outcome in this window and the covariates of the model"
    for name, people in zip((arm, comparison), choice.people, strict=True):
        if people < MIN_PEOPLE:
            return f"{TOO_FEW} of {name} have an outcome and the model's covariates"
    if np.ptp(choice.outcome) == 0:
        return "the outcome is the same for everybody in this window"
    if choice.groups < MIN_PEOPLE:
        return "all people are in one cluster"
    return None
