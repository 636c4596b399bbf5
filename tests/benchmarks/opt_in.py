"""Seconds for the opt-in estimators at 10k, 100k and 1M people with five discrete covariates.

`python tests/benchmarks/opt_in.py [PEOPLE ...]` prints medians of alternating rounds, from arrays
of people to the figure: cells, logit, AIPW with its standard error (plug-in and cross-fitted),
and the exact row path. Where scikit-learn can be imported its logit without penalty
stands beside. Linear algebra is pinned to one thread.
"""

from __future__ import annotations

import os

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")

import statistics
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.aipw import aipw
from analysis.estimators.cells import Cells, build_cells
from analysis.estimators.influence import spread
from analysis.estimators.logit import fit_logit
from analysis.estimators.nuisance import cross_fit, draw_folds, fit_nuisance

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5
SIZES = (10_000, 100_000, 1_000_000)
People = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def draw(people: int) -> People:
    """Covariates of 2 to 8 levels, choice, outcome and folds."""
    rng = np.random.default_rng(people)
    x = np.column_stack([rng.integers(0, levels, people) for levels in (2, 2, 3, 5, 8)])
    x = x.astype(float)
    joined = rng.random(people) < 1 / (1 + np.exp(1 - 0.2 * x[:, 3]))
    outcome = x[:, 3] + joined + rng.normal(size=people)
    return x, joined, outcome, draw_folds(np.arange(people), rng)


def doubly_robust(cells: Cells, *, crossed: bool) -> float:
    """The standard error of AIPW for those who joined."""
    nuisance = cross_fit(cells) if crossed else fit_nuisance(cells)
    return spread(cells, aipw(cells, nuisance, "att")).std_error


def tasks(data: People) -> dict[str, Callable[[], object]]:
    """What is measured, by name."""
    x, joined, outcome, fold = data

    def logit(*, exact_rows: bool = False) -> object:
        cells = build_cells(x, joined, outcome, exact_rows=exact_rows)
        return fit_logit(cells.design, cells.people)

    found: dict[str, Callable[[], object]] = {
        "logit": logit,
        "logit, exact rows": lambda: logit(exact_rows=True),
        "AIPW with SE": lambda: doubly_robust(build_cells(x, joined, outcome), crossed=False),
        "AIPW with SE, 5 folds": lambda: doubly_robust(
            build_cells(x, joined, outcome, fold=fold), crossed=True
        ),
        "AIPW with SE, exact rows": lambda: doubly_robust(
            build_cells(x, joined, outcome, exact_rows=True), crossed=False
        ),
    }
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        return found
    found["logit, scikit-learn"] = lambda: LogisticRegression(C=np.inf, max_iter=1000).fit(
        x, joined
    )
    return found


def main(sizes: tuple[int, ...]) -> None:
    """Print one line a size and task: median seconds, and the ratio to our logit."""
    for people in sizes:
        data = draw(people)
        times: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            for name, task in tasks(data).items():
                start = time.perf_counter()
                task()
                times.setdefault(name, []).append(time.perf_counter() - start)
        medians = {name: statistics.median(rounds) for name, rounds in times.items()}
        for name, seconds in medians.items():
            ratio = seconds / medians["logit"]
            print(f"{people:>9,} people   {name:<26} {seconds:7.3f} s   x {ratio:.1f}")


if __name__ == "__main__":
    main(tuple(int(size) for size in sys.argv[1:]) or SIZES)
