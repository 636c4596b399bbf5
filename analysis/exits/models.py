"""Cause-specific models: the chance to leave in each way in a month of follow-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import sparse

from analysis.estimators.hazard import fit_hazard
from analysis.exits.careers import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analysis.estimators.hazard import Hazard
    from analysis.exits.columns import Layout
    from analysis.exits.person_months import PersonMonths

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Link = Literal["cloglog", "logit"]
EXITS_A_PARAMETER = 10  # exits the study's own model has for each column that may be left out
NUISANCE_EXITS = 3  # exits a parameter below which a competing kind gets fewer columns
_MAIN = ("voluntary", "involuntary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Exits that are modelled together: a name and codes of ``KINDS``."""

    name: str
    codes: tuple[int, ...]


def kinds_of(metric: str) -> tuple[Kind, ...]:
    """The study's kind first, then what competes with it; together all kinds there are.

    "any" begins with voluntary exits: all kinds are summed.
    """
    first = () if metric in ("any", *_MAIN) else (metric,)
    order = sorted(_MAIN, key=lambda name: name != metric)
    named = [*first, *order]
    rest = tuple(c for c, name in enumerate(KINDS) if c and name not in named)
    kinds = [Kind(name=name, codes=(KINDS.index(name),)) for name in named]
    return (*kinds, Kind(name="other", codes=rest))


@dataclass(frozen=True, slots=True, kw_only=True)
class KindModel:
    """A fitted model of one kind on columns ``design @ mix``, (p, q).

    ``hazard`` is None where nobody left in this way: the chance is 0. ``influence`` (G, q): what
    each cluster's rows move the coefficients by. ``exits``: spells seen to leave, by arm.
    """

    kind: Kind
    mix: Floats
    hazard: Hazard | None
    influence: Floats
    exits: tuple[int, int]

    def chance(self, design: Floats) -> tuple[Floats, Floats]:
        """Chance of the exit (r,) in rows of the layout's columns, and its slope in the model's."""
        if self.hazard is None:
            return np.zeros(len(design)), np.zeros(len(design))
        own = design @ self.mix
        chance = self.hazard.hazard(own)
        stays = self.hazard.residuals(own)[1]  # d log(1 - chance) / d eta
        return chance, np.asarray(-stays * (1 - chance))


def one_effect(layout: Layout) -> Floats:
    """All columns with the effects as one: the same whenever after the start."""
    p = len(layout.names)
    mix = np.eye(p)
    mix[:, layout.effects.start] = 0.0
    mix[layout.effects, layout.effects.start] = 1.0
    return mix[:, : layout.effects.start + 1]


def headline_columns(layout: Layout, exits: tuple[int, int], *, assigned: bool) -> Floats:
    """Columns of the study's own kind, given its exits by arm.

    Effects differ by months since the start where the arm with fewer exits has ten for each, else
    there is one. What may drive the start always stays; where arms were assigned nothing does, and
    what only makes the answer sharper is left out until there are ten exits a parameter.
    """
    varied = min(exits) >= EXITS_A_PARAMETER * len(layout.bands)
    mix = np.eye(len(layout.names)) if varied else one_effect(layout)
    end = layout.effects.start
    bands, all_of_them = range(len(layout.bands)), range(end)
    fewer = [*bands, *layout.covariates]
    choices = [all_of_them, fewer, bands, range(1)] if assigned else [all_of_them]
    for main in choices:
        kept = mix[:, [*main, *range(end, mix.shape[1])]]
        if sum(exits) >= EXITS_A_PARAMETER * kept.shape[1]:
            return kept
    return kept


def effect_columns(layout: Layout, mix: Floats) -> Ints:
    """Which columns of a model hold effects."""
    return np.flatnonzero(mix[layout.effects].any(axis=0))


def merged_effects(layout: Layout, mix: Floats) -> Floats:
    """The same columns with one effect, in the last."""
    others = np.delete(mix, effect_columns(layout, mix), axis=1)
    return np.column_stack([others, one_effect(layout)[:, -1]])


def _choices(layout: Layout) -> Iterator[Floats]:
    """Ever fewer columns: all, one effect, less of time, tenure alone, one effect, a constant.

    Tenure stays longest: contracts end, and trial periods, at a tenure.
    """
    yield np.eye(len(layout.names))
    one = one_effect(layout)
    yield one
    tenure = [j for j, name in enumerate(layout.names) if name.startswith("tenure")]
    yield one[:, [0, *tenure, *layout.covariates, -1]]
    yield one[:, [0, *tenure, -1]]
    yield one[:, [0, -1]]
    yield one[:, [0]]


def fit_competing(
    cells: PersonMonths, layout: Layout, kind: Kind, cluster: Ints, *, one_effect: bool = False
) -> KindModel:
    """The model of a kind beside the study's: as many columns as its exits bear.

    With ``one_effect`` the last column is an effect that is the same in all months, and tenure
    stays however few exits there are: contracts end at a tenure, and newcomers start more often,
    so that without it an effect is found where there is none.
    """
    exits = sum(exits_by_arm(cells, kind))
    choices = list(_choices(layout))
    if one_effect:
        choices = choices[1:-2]
    for place, mix in enumerate(choices, start=1):
        if exits >= NUISANCE_EXITS * mix.shape[1] or mix.shape[1] <= 2 or place == len(choices):
            found = fit_kind(cells, kind, mix, cluster, "cloglog")
            if not isinstance(found, str):
                return found
    return KindModel(
        kind=kind, mix=np.zeros((len(layout.names), 0)), hazard=None,
        influence=np.zeros((int(cluster.max(initial=-1)) + 1, 0)), exits=(0, 0),
    )  # fmt: skip


def fit_kind(
    cells: PersonMonths, kind: Kind, mix: Floats, cluster: Ints, link: Link
) -> KindModel | str:
    """Maximum likelihood from the cells, and what each cluster moves it by; or why there is none.

    ``cluster`` (n,) are dense codes of the spells.
    """
    exits, design = cells.exits_of(kind.codes), cells.design @ mix
    at_risk = np.asarray(cells.at_risk.sum(axis=0)).ravel()
    events = np.asarray(exits.sum(axis=0)).ravel()
    # a model that tells exits apart completely runs off to infinity before it is refused
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        fitted = fit_hazard(design, at_risk, events, link)
    if isinstance(fitted, str):
        return fitted
    left, stays = fitted.residuals(design)
    n, groups = len(cluster), int(cluster.max(initial=-1)) + 1
    sums = sparse.csr_matrix((np.ones(n), (cluster, np.arange(n))), shape=(groups, n))
    scores = (sums @ cells.at_risk) @ (stays[:, None] * design)
    scores = scores + (sums @ exits) @ ((left - stays)[:, None] * design)
    return KindModel(
        kind=kind, mix=mix, hazard=fitted, influence=scores @ fitted.observed,
        exits=exits_by_arm(cells, kind),
    )  # fmt: skip


def exits_by_arm(cells: PersonMonths, kind: Kind) -> tuple[int, int]:
    """Spells with an exit of this kind in the comparison and in the treated arm, each once."""
    exits = cells.exits_of(kind.codes).tocsc()
    seen = [np.unique(exits[:, cells.treated == arm].indices).size for arm in (False, True)]
    return int(seen[0]), int(seen[1])
