"""Volunteers and everybody else, from two branches into which people were sent by lot.

In the mandatory branch mentoring is drawn among all, in the voluntary one among those who opt in.
With p the share that opts in, ATE = p TE_in + (1 - p) TE_out, so the effect on those who would not
opt in follows, and so does selection, E[Y0 | in] - E[Y0 | out]. All parts are influence functions
on the same cells, so their joint covariance is a sum over people (or clusters).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.estimate import TOO_FEW
from analysis.estimators.linear import independent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.cells import Cells

    Floats = NDArray[np.float64]

# What is estimated from people; everything else follows from these.
ATE, SHARE, TE_IN, Y0_IN, Y_OUT, Y0_ALL = range(6)
_EXACT = 1e-9  # a row with leverage one is fitted exactly and adds nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Branches:
    """Six parts (6,), and their covariance (3, 6, 6) from the mandatory branch, those who opted in
    and those who did not; ``df`` (3,) are people less terms of each, ``clusters`` or None.
    """

    parts: Floats
    covariances: Floats
    df: Floats
    clusters: int | None

    @property
    def covariance(self) -> Floats:
        """Covariance (6, 6) of the parts."""
        return np.asarray(self.covariances.sum(axis=0))

    def linear(self, gradient: Floats) -> tuple[float, float]:
        """Standard error and degrees of freedom (Satterthwaite) of a combination of the parts."""
        if self.clusters is not None:
            variance = float(gradient @ self.covariance @ gradient)
            return float(np.sqrt(max(variance, 0.0))), self.clusters - 1.0
        each = np.einsum("j,gjk,k->g", gradient, self.covariances, gradient)
        total = float(each.sum())
        if total <= 0 or (self.df <= 0).any():
            return float(np.sqrt(max(total, 0.0))), 0.0
        return float(np.sqrt(total)), total**2 / float((each**2 / self.df).sum())


@dataclass(frozen=True, slots=True)
class _Group:
    """People of one group: parts they tell, and each one's influence by arm and cell (6, 2, c)."""

    cells: Cells
    intercept: Floats
    slope: Floats
    df: float


def two_branches(mandatory: Cells, joined: Cells, others: Cells) -> Branches | str:
    """The parts, or why there are none. ``others`` opted out: all of them are comparison.

    Means of each arm by regression on the covariates at the mean of the group (Lin 2013), with
    HC2; where ``cluster`` is set, its codes are common to the groups, factor G/(G - 1).
    """
    drawn = [_by_arm(cells) for cells in (mandatory, joined)]
    problem = next((found for found in drawn if isinstance(found, str)), None)
    out = float(others.people[0].sum())
    if problem or out < 2:
        return problem or f"{TOO_FEW} who did not opt in have an outcome"
    (everybody, everybody_0), (volunteers, volunteers_0) = (
        found for found in drawn if not isinstance(found, str)
    )
    n = float(joined.people.sum())
    share = n / (n + out)
    parts = np.zeros(6)
    parts[[ATE, Y0_ALL]] = everybody_0[1] - everybody_0[0], everybody_0[0]
    parts[[TE_IN, Y0_IN]] = volunteers_0[1] - volunteers_0[0], volunteers_0[0]
    parts[SHARE] = share
    parts[Y_OUT] = float(others.total[0].sum()) / out + others.centre
    small = np.sqrt((n + out) / (n + out - 1))  # n - 1 as everybody writes a variance of a share
    groups = [
        _group(mandatory, everybody, {ATE: (-1.0, 1.0), Y0_ALL: (1.0, 0.0)}),
        _group(joined, volunteers, {TE_IN: (-1.0, 1.0), Y0_IN: (1.0, 0.0)}),
        _out(others),
    ]
    groups[1].intercept[SHARE] = small * (1 - share) / (n + out)
    groups[2].intercept[SHARE] = -small * share / (n + out)
    return _joint(parts, groups)


@dataclass(frozen=True, slots=True)
class _Arms:
    """Influence of a person on the mean of each arm, over arm of the person and cell (2, 2, c)."""

    intercept: Floats
    slope: Floats
    terms: int


def _by_arm(cells: Cells) -> tuple[_Arms, tuple[float, float]] | str:
    """Both arms' means at the group's mean covariates, and what moves them."""
    kept = np.ones(cells.design.shape[1], dtype=bool)
    for people in cells.people:  # a column must be told in either arm
        kept &= independent(cells.design[people > 0])
    design, terms = cells.design[:, kept], int(kept.sum())
    if (cells.people.sum(axis=1) <= terms).any():
        return "an arm of a branch has no more people than the model has terms"
    n, count = float(cells.people.sum()), len(design)
    intercept, slope = np.zeros((2, 2, count)), np.zeros((2, 2, count))
    means = []
    for arm, people in enumerate(cells.people):
        bread = np.linalg.inv(design.T @ (people[:, None] * design))
        beta = bread @ design.T @ cells.total[arm]
        means.append(float(beta[0]) + cells.centre)
        weight = design @ bread[0]
        if cells.cluster is None:
            left = 1 - np.einsum("cj,jk,ck->c", design, bread, design)
            weight = np.where(left > _EXACT, weight / np.sqrt(np.maximum(left, _EXACT)), 0.0)
        slope[arm, arm] = weight
        intercept[arm, arm] = -weight * (design @ beta)
        intercept[arm] += design[:, 1:] @ beta[1:] / n  # who happens to be in the group
    return _Arms(intercept, slope, terms), (means[0], means[1])


def _group(cells: Cells, arms: _Arms, signs: dict[int, tuple[float, float]]) -> _Group:
    count = len(cells.design)
    intercept, slope = np.zeros((6, 2, count)), np.zeros((6, 2, count))
    for part, sign in signs.items():
        intercept[part] = np.tensordot(np.array(sign), arms.intercept, axes=1)
        slope[part] = np.tensordot(np.array(sign), arms.slope, axes=1)
    return _Group(cells, intercept, slope, float(cells.people.sum()) - 2 * arms.terms)


def _out(cells: Cells) -> _Group:
    """The mean of those who did not opt in."""
    count, n = len(cells.design), float(cells.people[0].sum())
    intercept, slope = np.zeros((6, 2, count)), np.zeros((6, 2, count))
    small = 1.0 if cells.cluster is not None else float(np.sqrt(n / (n - 1)))
    slope[Y_OUT, 0] = small / n
    intercept[Y_OUT, 0] = -small / n * float(cells.total[0].sum()) / n
    return _Group(cells, intercept, slope, n - 1)


def _joint(parts: Floats, groups: list[_Group]) -> Branches:
    df = np.array([g.df for g in groups])
    if groups[0].cells.cluster is None:
        return Branches(
            parts=parts, covariances=np.array([_squares(g) for g in groups]), df=df, clusters=None
        )
    codes = np.unique(np.concatenate([_codes(g.cells) for g in groups]))
    sums = np.zeros((6, len(codes)))
    for g in groups:
        moved = (g.cells.people * g.intercept + g.slope * g.cells.total).sum(axis=1)
        np.add.at(sums.T, np.searchsorted(codes, _codes(g.cells)), moved.T)
    whole = sums @ sums.T * len(codes) / (len(codes) - 1)
    return Branches(parts=parts, covariances=whole[None], df=df, clusters=len(codes))


def _codes(cells: Cells) -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64) if cells.cluster is None else cells.cluster


def _squares(group: _Group) -> Floats:
    """Sum over people of the products of their influences."""
    cells = group.cells
    at_mean = group.intercept + group.slope * cells.mean
    found = np.einsum("jac,kac,ac->jk", at_mean, at_mean, cells.people)
    return np.asarray(found + np.einsum("jac,kac,ac->jk", group.slope, group.slope, cells.within))


@dataclass(frozen=True, slots=True)
class Derived:
    """A figure that follows from the parts: its value and its gradient (6,) in them."""

    value: float
    gradient: Floats


def derive(parts: Floats) -> dict[str, Derived]:
    """Effect on all, on those who opt in, on the others; selection; and the gap of the controls.

    The last is E[Y0] of the mandatory branch less that of the voluntary one: 0 if branches are
    alike and voluntariness does nothing.
    """
    one = np.eye(6)
    p, rest = parts[SHARE], 1 - parts[SHARE]
    out = (parts[ATE] - p * parts[TE_IN]) / rest
    gradient = one[ATE] / rest - one[TE_IN] * p / rest + one[SHARE] * (out - parts[TE_IN]) / rest
    gap = parts[Y0_ALL] - p * parts[Y0_IN] - rest * parts[Y_OUT]
    return {
        "all": Derived(float(parts[ATE]), one[ATE]),
        "in": Derived(float(parts[TE_IN]), one[TE_IN]),
        "out": Derived(float(out), gradient),
        "selection": Derived(float(parts[Y0_IN] - parts[Y_OUT]), one[Y0_IN] - one[Y_OUT]),
        "controls": Derived(
            float(gap),
            one[Y0_ALL] - p * one[Y0_IN] - rest * one[Y_OUT]
            - (parts[Y0_IN] - parts[Y_OUT]) * one[SHARE],
        ),
    }  # fmt: skip


def fieller(found: Branches, level: float = 0.95) -> tuple[float, float] | None:
    """Interval of the effect on the others that holds where few did not opt in (Fieller 1954).

    All values at which (ATE - p TE_in) - value (1 - p) is not surely different from 0; None where
    that is everything, because the share itself cannot be told from 1.
    """
    parts, one = found.parts, np.eye(6)
    above = parts[ATE] - parts[SHARE] * parts[TE_IN]
    top = one[ATE] - parts[SHARE] * one[TE_IN] - parts[TE_IN] * one[SHARE]
    below, bottom = 1 - parts[SHARE], -one[SHARE]
    _, df = found.linear(derive(parts)["out"].gradient)
    z = float(stats.t.ppf((1 + level) / 2, df)) ** 2
    cov = found.covariance
    a = below**2 - z * float(bottom @ cov @ bottom)
    b = -2 * (above * below - z * float(top @ cov @ bottom))
    c = above**2 - z * float(top @ cov @ top)
    if a <= 0:
        return None
    root = float(np.sqrt(max(b**2 - 4 * a * c, 0.0)))
    return float((-b - root) / (2 * a)), float((-b + root) / (2 * a))
