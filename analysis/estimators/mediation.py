"""Linear mediation: what of an effect goes through what was measured in between, and what not.

Mediators and outcome are each regressed by least squares on exposure and controls, so that every
effect is a product of coefficients (Imai, Keele and Tingley 2010, Psychological Methods 15:309,
theorem 1 and equation 8) and a function of one matrix of cross-products. ``path_effects`` takes a
stack of such matrices: resampling people is resampling their cross-products, without a new look
at the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Order = Literal["parallel", "serial"]
Stage = Literal["first", "second"]

JOINT, DIRECT, TOTAL, PROPORTION = "acme", "ade", "total", "proportion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Which regressions are made. Columns stand as :func:`columns` puts them.

    ``names`` are the mediators, in causal order where ``order`` is serial. ``moderates``: the
    stage that the moderator changes, exposure to mediator (first) or mediator to outcome (second);
    the direct effect may then differ by it too (models 8 and 15 of Hayes 2018). ``at`` are values
    of the moderator as it stands in the columns. ``interaction``: the mediators may do something
    else among the exposed (exposure 0 or 1).
    """

    names: tuple[str, ...]
    controls: int
    order: Order = "parallel"
    moderates: Stage | None = None
    at: tuple[float, ...] = ()
    interaction: bool = False

    def __post_init__(self) -> None:
        if self.order == "serial" and (self.moderates or self.interaction):
            raise ValueError("serial mediators take neither moderator nor interaction")
        if self.moderates and self.interaction:
            raise ValueError("either a moderator or an interaction of exposure and mediators")

    @property
    def exposure(self) -> int:
        """Column of the exposure."""
        return self.controls

    @property
    def moderator(self) -> int:
        """Column of the moderator; its product with the exposure follows."""
        return self.controls + 1

    @property
    def mediators(self) -> tuple[int, ...]:
        """Columns of the mediators."""
        first = self.controls + (3 if self.moderates else 1)
        return tuple(range(first, first + len(self.names)))

    @property
    def products(self) -> tuple[int, ...]:
        """Columns of mediators times exposure, or times the moderator of the second stage."""
        if not (self.interaction or self.moderates == "second"):
            return ()
        return tuple(j + len(self.names) for j in self.mediators)

    @property
    def outcome(self) -> int:
        """Column of the outcome, the last one."""
        return self.controls + (3 if self.moderates else 1) + len((*self.names, *self.products))

    @property
    def of_mediators(self) -> tuple[int, ...]:
        """Columns on which each mediator is regressed; serial ones also on those before them."""
        more = {None: 0, "second": 1, "first": 2}[self.moderates]  # moderator, its product
        return tuple(range(self.controls + 1 + more))

    @property
    def of_outcome(self) -> tuple[int, ...]:
        """Columns on which the outcome is regressed: all before it."""
        return tuple(range(self.outcome))


def columns(
    paths: Paths,
    controls: Floats,
    exposure: Floats,
    mediators: Floats,
    outcome: Floats,
    moderator: Floats | None = None,
) -> Floats:
    """The columns (n, p) whose cross-products the effects are made of.

    ``controls`` (n, c) begin with a constant; all of them but that, the mediators (n, m) and the
    outcome (n,) are centred, which changes no effect and keeps digits. The moderator is not.
    """
    centred = mediators - mediators.mean(axis=0)
    parts = [controls[:, :1], controls[:, 1:] - controls[:, 1:].mean(axis=0), exposure[:, None]]
    if moderator is not None:
        parts.append(np.column_stack([moderator, exposure * moderator]))
    parts.append(centred)
    if paths.interaction:
        parts.append(centred * exposure[:, None])
    elif paths.moderates == "second" and moderator is not None:
        parts.append(centred * moderator[:, None])
    return np.column_stack([*parts, outcome - outcome.mean()])


def solve(gram: Floats, on: tuple[int, ...], of: tuple[int, ...]) -> Floats:
    """Coefficients (B, k, t) of the columns ``of`` regressed on the columns ``on``.

    A column that is empty in a resample (a category nobody was drawn of) gets 0.
    """
    left = gram[:, on][:, :, on]
    right = gram[:, on][:, :, of]
    size = np.sqrt(np.diagonal(left, axis1=1, axis2=2))
    size = np.where(size > 0, size, 1.0)
    scaled = left / (size[:, :, None] * size[:, None, :])
    try:
        found = np.linalg.solve(scaled, right / size[:, :, None])
    except np.linalg.LinAlgError:
        found = np.linalg.pinv(scaled, hermitian=True) @ (right / size[:, :, None])
    return np.asarray(found / size[:, :, None])


def path_effects(paths: Paths, gram: Floats) -> dict[str, Floats]:
    """Each effect by name for a stack of cross-products (B, p, p), as arrays (B,).

    ``acme`` (through all mediators together), ``ade`` (through none of them), ``total``, and:
    ``proportion`` (acme / total), ``acme.NAME`` through one; serial ``acme.A>B`` by the path; with
    an interaction ``.control`` and ``.treated`` (the rest held as it is without or with exposure;
    the plain name is their mean); with a moderator ``acme.NAME@i`` at its i-th value and
    ``index.NAME``, the change of the indirect effect a unit of it (Hayes 2015, Multivariate
    Behavioral Research 50:1).
    """
    if paths.order == "serial":
        return _serial(paths, gram)
    first = solve(gram, paths.of_mediators, paths.mediators)
    second = solve(gram, paths.of_outcome, (paths.outcome,))[:, :, 0]
    if paths.interaction:
        return _interacted(paths, gram, first, second)
    if paths.moderates:
        return _moderated(paths, gram, first, second)
    moved = first[:, paths.exposure]  # (B, m)
    through = moved * second[:, list(paths.mediators)]
    return _with_total(_each(paths, through), through.sum(axis=1), second[:, paths.exposure])


def _each(paths: Paths, through: Floats, after: str = "") -> dict[str, Floats]:
    return {f"{JOINT}.{name}{after}": through[:, j] for j, name in enumerate(paths.names)}


def _with_total(parts: dict[str, Floats], joint: Floats, direct: Floats) -> dict[str, Floats]:
    total = joint + direct
    with np.errstate(divide="ignore", invalid="ignore"):  # a total of 0 has no proportions
        share = joint / total
    return {JOINT: joint, DIRECT: direct, TOTAL: total, PROPORTION: share, **parts}


def _interacted(paths: Paths, gram: Floats, first: Floats, second: Floats) -> dict[str, Floats]:
    """Effects at either exposure, and their mean (Imai, Keele and Tingley 2010, p. 316)."""
    moved = first[:, paths.exposure]
    plain, more = second[:, list(paths.mediators)], second[:, list(paths.products)]
    means = gram[:, 0, : paths.controls] / gram[:, 0, 0][:, None]
    without = np.einsum("bc,bcm->bm", means, first[:, : paths.controls])
    found: dict[str, tuple[Floats, Floats]] = {}
    for place, word in enumerate(("control", "treated")):
        through = moved * (plain + place * more)
        direct = second[:, paths.exposure] + (more * (without + place * moved)).sum(axis=1)
        found[word] = (through, direct)
    through = (found["control"][0] + found["treated"][0]) / 2
    direct = (found["control"][1] + found["treated"][1]) / 2
    parts = _each(paths, through)
    for word, (by, beside) in found.items():
        parts |= {f"{JOINT}.{word}": by.sum(axis=1), f"{DIRECT}.{word}": beside}
    return _with_total(parts, through.sum(axis=1), direct)


def _moderated(paths: Paths, gram: Floats, first: Floats, second: Floats) -> dict[str, Floats]:
    """Effects at the mean of the moderator and at its values; the index is their slope."""
    moved, does = first[:, paths.exposure], second[:, list(paths.mediators)]
    if paths.moderates == "first":
        slope_moved, slope_does = first[:, paths.moderator + 1], np.zeros_like(does)
        index = slope_moved * does
    else:
        slope_moved, slope_does = np.zeros_like(moved), second[:, list(paths.products)]
        index = moved * slope_does

    def at(value: Floats | float) -> Floats:
        w = np.broadcast_to(np.asarray(value, dtype=float), len(gram))[:, None]
        return np.asarray((moved + slope_moved * w) * (does + slope_does * w))

    mean = gram[:, 0, paths.moderator] / gram[:, 0, 0]
    through = at(mean)
    direct = second[:, paths.exposure] + second[:, paths.moderator + 1] * mean
    parts = _each(paths, through)
    for place, value in enumerate(paths.at):
        parts |= _each(paths, at(value), f"@{place}")
    parts |= {f"index.{name}": index[:, j] for j, name in enumerate(paths.names)}
    return _with_total(parts, through.sum(axis=1), direct)


def _serial(paths: Paths, gram: Floats) -> dict[str, Floats]:
    """Each path through some of the mediators in their order, and all of them together."""
    second = solve(gram, paths.of_outcome, (paths.outcome,))[:, :, 0]
    moved, between = [], []
    for place, column in enumerate(paths.mediators):
        found = solve(gram, (*paths.of_mediators, *paths.mediators[:place]), (column,))[:, :, 0]
        moved.append(found[:, paths.exposure])
        between.append(found[:, len(paths.of_mediators) :])
    parts: dict[str, Floats] = {}
    for length in range(1, len(paths.names) + 1):
        for way in combinations(range(len(paths.names)), length):
            effect = moved[way[0]] * second[:, paths.mediators[way[-1]]]
            for before, after in pairwise(way):
                effect = effect * between[after][:, before]
            parts[f"{JOINT}." + ">".join(paths.names[j] for j in way)] = effect
    joint = np.sum(list(parts.values()), axis=0)
    return _with_total(parts, joint, second[:, paths.exposure])
