"""How much one person adds to the error of an effect, from people who were followed in the past.

An effect on the mean of several months is the less certain the fewer months are seen, the more the
months of a person resemble each other, and the less the past explains (McKenzie 2012, Journal of
Development Economics 99:210-221). All three are in one figure: the sum of a person's residuals over
the window, which is what errors clustered by person are made of. Who left or was not measured has
a sum of zero and counts as a person, so that losses are in it too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.columns import covariates, design
from analysis.estimators.sample import build_sample, informative

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """One person's part in the error, and what it is made of.

    ``variance``: of the effect with n treated and m compared it is variance x (1/n + 1/m); in the
    outcome's unit squared (ratios: of the log). ``people`` at time zero, ``seen`` of them with an
    outcome, in ``months`` months on average. ``sd``: of one month's outcome. ``within``:
    correlation of two months of a person after adjusting. ``explained``: share of the variance that
    covariates take away. ``clusters``, ``icc`` and ``of_clusters`` (the variance one cluster adds)
    where errors are clustered by more than the person.
    """

    variance: float
    people: int
    seen: int
    months: float
    sd: float
    within: float | None
    explained: float
    clusters: int | None = None
    icc: float | None = None
    of_clusters: float | None = None


def spread_of(panel: Panel, spec: StudySpec, window: Window) -> Spread | str:
    """The spread in a window of a panel of people who are alike in treatment; or why none."""
    sample = build_sample(panel, window, spec.missing_covariates)
    ratio = spec.outcome.link == "log"
    sample = informative(sample, spec.outcome.link)
    if len(sample.outcome) < 3 or np.ptp(sample.outcome) == 0:
        return "too few people have an outcome in this window, or it never varies"
    fixed = design(sample)
    plain, _ = _residuals(fixed.rows(sample), sample.outcome)
    left, terms = _residuals(fixed.beside(covariates(sample)).rows(sample), sample.outcome)
    size = float(sample.outcome.mean()) if ratio else 1.0
    place, people = sample.place, len(panel.people)
    sums, rows = _sums(place, left, people), _sums(place, np.ones_like(left), people)
    seen = rows > 0
    if seen.sum() <= terms + 1:
        return "more covariates than people with an outcome"
    variance = _variance(sums, rows, terms, size)
    before = _variance(_sums(place, plain, people), rows, fixed.month.shape[1], size)
    made = Spread(
        variance=variance,
        people=people,
        seen=int(seen.sum()),
        months=float(rows[seen].mean()),
        sd=float(np.sqrt(plain @ plain / (len(plain) - fixed.month.shape[1]))) / size,
        within=_within(sums, rows, left),
        explained=max(0.0, 1 - variance / before) if before else 0.0,
    )
    if spec.cluster == "person":
        return made
    return _clustered(made, panel.people["cluster"].to_numpy(), sums, rows, size)


def of_means(panel: Panel, spec: StudySpec, window: Window, spread: Spread) -> Spread:
    """The spread of an effect on people's means over the window, whichever months each has.

    An opt-in study counts every person once, and not every month.
    """
    rows = panel.between(*window).rows.groupby("person", as_index=False)["outcome"].mean()
    means = rows.assign(event_month=window[1])[["person", "event_month", "outcome"]]
    found = spread_of(replace(panel, rows=means), spec, window)
    if isinstance(found, str):
        return spread
    return replace(spread, variance=found.variance, of_clusters=found.of_clusters)


def _residuals(columns: Floats, outcome: Floats) -> tuple[Floats, int]:
    """Outcome less what the columns explain, and their rank."""
    beta, _, rank, _ = np.linalg.lstsq(columns, outcome)
    return np.asarray(outcome - columns @ beta), int(rank)


def _sums(code: NDArray[np.intp] | Ints, values: Floats, groups: int) -> Floats:
    return np.asarray(np.bincount(code, weights=values, minlength=groups), dtype=np.float64)


def _variance(sums: Floats, rows: Floats, terms: int, size: float) -> float:
    """Mean square of the sums over the squared mean of rows, with the factor of CR1 errors.

    It is what the study's own errors will be made of, so that power is that of its own test.
    """
    seen, many = int((rows > 0).sum()), float(rows.sum())
    factor = seen / max(seen - 1, 1) * (many - 1) / max(many - terms, 1)
    return float((sums @ sums) / len(sums) / (rows.mean() * size) ** 2 * factor)


def _within(sums: Floats, rows: Floats, left: Floats) -> float | None:
    """Mean product of two months of a person over the mean square of one."""
    pairs = float(rows @ (rows - 1))
    square = float(left @ left)
    if not pairs or not square:
        return None
    return (float(sums @ sums) - square) / pairs / (square / len(left))


def _clustered(made: Spread, codes: Ints, sums: Floats, rows: Floats, size: float) -> Spread:
    """With the number of clusters, what one adds to the error, and the likeness of its people."""
    names, code = np.unique(codes, return_inverse=True)
    total, count = _sums(code, sums, len(names)), _sums(code, rows, len(names))
    members = _sums(code, (rows > 0).astype(float), len(names))
    pairs, square = float(members @ (members - 1)), float(sums @ sums)
    alike = (float(total @ total) - square) / pairs / (square / made.seen) if pairs * square else 0
    return replace(
        made,
        clusters=len(names),
        of_clusters=_variance(total, count, 1, size),
        icc=alike if pairs else None,
    )
