"""Do items mean the same in each group? Differences given the other items, without a factor model.

The other items stand for what the scale measures. Given them, an item should be answered alike in
every group (else its level differs: what scalar invariance forbids) and go with them as closely
(else its slope differs: what metric invariance forbids). These are signs of one item at a time; a
multi-group factor model would test all together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FEWEST = 10  # people of a group with all items


@dataclass(frozen=True, slots=True)
class ItemTest:
    """One item: ``p`` and ``size`` of its level, and of its slope.

    ``level`` is the largest difference of a group from the others given the rest, in standard
    deviations of the item; ``slope`` the largest difference of item-rest correlations.
    """

    item: int
    level: float
    level_p: float
    slope: float
    slope_p: float


def item_tests(answers: Floats, group: Ints) -> tuple[ItemTest, ...]:
    """One test an item of answers (n, k; no gaps, high meaning much) in groups (n,).

    Nothing with fewer than two groups of ``FEWEST`` people, or fewer than three items.
    """
    codes, sizes = np.unique(group, return_counts=True)
    kept = np.isin(group, codes[sizes >= FEWEST])
    answers, group = answers[kept], np.unique(group[kept], return_inverse=True)[1]
    if answers.shape[1] < 3 or len(answers) == 0 or group.max() < 1:
        return ()
    total = answers.sum(axis=1)
    found: list[ItemTest] = []
    for item in range(answers.shape[1]):
        values, rest = answers[:, item], total - answers[:, item]
        level, level_p = mantel(values, rest, group)
        slope, slope_p = same_correlation(values, rest, group)
        found.append(ItemTest(item, level, level_p, slope, slope_p))
    return tuple(found)


def mantel(values: Floats, rest: Floats, group: Ints) -> tuple[float, float]:
    """Whether means of (n,) differ by group within levels of ``rest``: largest gap in SD, and p.

    The mean score statistic of Landis, Heyman & Koch (1978, International Statistical Review
    46:237-254), with G - 1 degrees of freedom; with two groups that of Mantel (1963, JASA
    58:690-700). The gap of a group is the difference from expectation a person of it.
    """
    groups = int(group.max()) + 1
    _, level = np.unique(rest, return_inverse=True)
    cell = level * groups + group
    count = np.bincount(cell, minlength=(level.max() + 1) * groups).reshape(-1, groups)
    sums = np.bincount(cell, weights=values, minlength=count.size).reshape(-1, groups)
    squares = np.bincount(level, weights=values**2)
    n = count.sum(axis=1).astype(float)
    mean = sums.sum(axis=1) / n
    spread = np.where(n > 1, (squares - n * mean**2) / np.maximum(n - 1, 1), 0.0)
    gap = (sums - count * mean[:, None]).sum(axis=0)
    share = count / n[:, None]
    weight = spread * n
    cov = np.diag(weight @ share) - (share * weight[:, None]).T @ share
    statistic = float(gap[:-1] @ np.linalg.pinv(cov[:-1, :-1]) @ gap[:-1])
    deviation = float(values.std())
    informative = (count * (n > count.max(axis=1))[:, None]).sum(axis=0)
    far = np.abs(gap) / np.maximum(informative, 1)
    size = float(far.max() / deviation) if deviation > 0 else 0.0
    return size, float(stats.chi2.sf(statistic, groups - 1))


def same_correlation(values: Floats, rest: Floats, group: Ints) -> tuple[float, float]:
    """Whether the item goes with the rest as closely in each group: largest difference, and p.

    Fisher's z, chi-square with G - 1 degrees of freedom (Hays 1994, section 14.24).
    """
    r, weight = [], []
    for code in range(int(group.max()) + 1):
        x, y = values[group == code], rest[group == code]
        flat = np.ptp(x) == 0 or np.ptp(y) == 0
        r.append(0.0 if flat else float(np.clip(np.corrcoef(x, y)[0, 1], -0.999999, 0.999999)))
        weight.append(len(x) - 3.0)
    z, w = np.arctanh(r), np.array(weight)
    centre = float(w @ z / w.sum())
    statistic = float(w @ (z - centre) ** 2)
    return max(r) - min(r), float(stats.chi2.sf(statistic, len(r) - 1))
