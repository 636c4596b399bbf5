"""Does the effect differ between groups: joint Wald tests, corrected over the declared family."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from analysis.estimate import Estimate
from analysis.rules import MIN_RESIDUAL_DF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.estimate import Result
    from analysis.study import StudySpec

    Floats = NDArray[np.float64]

Verdict = Literal["differ", "no_sign", "cannot_tell", "not_tested"]
LEVEL = 0.05
FEWEST = 10  # people in each arm of a group that is same_effects
_SINGULAR = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """The test that an effect is the same in all groups of one variable.

    ``levels`` are the groups tested, ``p_holm`` and ``p_bh`` allow for all tests declared, of which
    there are ``family``. ``largest`` is the largest difference between two groups on the model's
    scale that the data do not rule out (simultaneous 95 %, by Bonferroni). Figures are None where
    there is a ``reason``.
    """

    variable: str
    arm: str
    levels: tuple[str, ...]
    reason: str = ""
    statistic: float | None = None
    df: tuple[float, float] | None = None
    p_value: float | None = None
    p_holm: float | None = None
    p_bh: float | None = None
    family: int = 1
    largest: float | None = None
    verdict: Verdict = "not_tested"


def told_apart(result: Result) -> bool:
    """Whether a group has people enough for its estimate to take part in a test.

    Fewer than ten in an arm, or ten degrees of freedom, and a test rejects too often.
    """
    return (
        isinstance(result, Estimate)
        and result.df >= MIN_RESIDUAL_DF
        and min(result.n_treated, result.n_comparison) >= FEWEST
    )


def wald(values: Floats, covariance: Floats, df: float) -> tuple[float, tuple[float, float], float]:
    """F statistic of values (K,) that are all equal, its degrees of freedom, and p.

    ``df`` are those of the covariance, which is estimated as a whole: T2 of Hotelling 1931, as
    Pustejovsky & Tipton 2018 have it for clusters (Journal of Business & Economic Statistics
    36:672-683). F(q, df) itself rejects too often where clusters are few and groups many.
    Directions without variance are left out. p is nan where ``df`` are fewer.
    """
    contrasts = np.eye(len(values))[1:] - np.eye(len(values))[0]
    gaps = contrasts @ values
    sizes, axes = np.linalg.eigh(contrasts @ covariance @ contrasts.T)
    real = sizes > _SINGULAR * max(sizes[-1], 0.0)
    count = max(int(real.sum()), 1)
    left = df - count + 1
    squares = float(((axes[:, real].T @ gaps) ** 2 / sizes[real]).sum())
    statistic = squares * left / (df * count)
    return statistic, (float(count), left), float(stats.f.sf(statistic, count, left))


def same_effects(
    variable: str, arm: str, levels: Sequence[str], values: Floats, covariance: Floats, df: float
) -> Interaction:
    """The test of equal effects ``values`` (K,), on the model's scale, with their covariance."""
    found = Interaction(variable=variable, arm=arm, levels=tuple(levels))
    if len(levels) < 2:
        return replace(found, reason="fewer than two groups can be compared")
    known = np.isfinite(values).all() and np.isfinite(covariance).all()
    if not (known and df >= len(values) - 1):
        return replace(found, reason="too few people or clusters to tell groups apart")
    statistic, degrees, p_value = wald(values, covariance, df)
    pairs = list(combinations(range(len(values)), 2))
    critical = float(stats.t.ppf(1 - LEVEL / 2 / len(pairs), df))
    ends = []
    for i, j in pairs:
        variance = covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]
        ends.append(abs(values[i] - values[j]) + critical * max(variance, 0.0) ** 0.5)
    return replace(
        found, statistic=statistic, df=degrees, p_value=p_value, largest=float(max(ends))
    )


def corrected(tests: Sequence[Interaction], spec: StudySpec) -> tuple[Interaction, ...]:
    """The tests with p-values by Holm 1979 and by Benjamini & Hochberg 1995 over all of them.

    A declared test that could not be made stays in the family: it counts as p = 1.
    """
    if not tests:
        return ()
    p_values = [1.0 if t.p_value is None else t.p_value for t in tests]
    holm = bh = p_values  # of a single test
    if len(tests) > 1:
        holm, bh = (list(multipletests(p_values, method=m)[1]) for m in ("holm", "fdr_bh"))
    return tuple(
        replace(t, family=len(tests))
        if t.p_value is None
        else replace(
            t,
            p_holm=float(holm[i]),
            p_bh=float(bh[i]),
            family=len(tests),
            verdict=_verdict(t, float(holm[i]), spec),
        )
        for i, t in enumerate(tests)
    )


def _verdict(test: Interaction, p_holm: float, spec: StudySpec) -> Verdict:
    """What may be said: no sign only where differences of the size of interest are ruled out."""
    if p_holm < LEVEL:
        return "differ"
    if spec.wanted is None or test.largest is None:
        return "cannot_tell"
    return "no_sign" if test.largest < spec.wanted else "cannot_tell"
