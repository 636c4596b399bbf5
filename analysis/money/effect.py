"""An effect as money sees it: a released estimate with its interval, or why it does not count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats

from analysis.finding import LADDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from analysis.disclosure import Release
    from analysis.study import StudySpec

    Floats = NDArray[np.float64]

Refusal = Literal["not_answered", "not_shown", "exploratory", "grade", "no_end"]
TRUSTED = ("Randomised", "Credible")
END = float(stats.norm.ppf(0.975))  # of a standard normal draw, at the end of a 95 % interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A released estimate and its 95 % interval in the study's unit.

    ``sign``: 1 where more is better, -1 where less is. ``log``: per cent that were a log ratio,
    whose errors are those of the logarithm.
    """

    value: float
    low: float
    high: float
    sign: int = 1
    log: bool = False

    def at(self, draw: Floats | float) -> Floats:
        """Draws of the effect, positive where better, from standard normal ones.

        Normal on the scale of the estimate, on each side with the spread that the interval has
        there, so that the draws at +-1.96 are the released ends: an interval by t or by permuted
        starts keeps its width.
        """
        middle, low, high = (_log(v) if self.log else v for v in (self.value, self.low, self.high))
        better = self.sign * np.asarray(draw, dtype=float)
        spread = np.where(better < 0, middle - low, high - middle) / END
        drawn = middle + better * spread
        return np.asarray(self.sign * (100 * np.expm1(drawn) if self.log else drawn))


def effect_of(
    study: str, specs: Mapping[str, StudySpec], releases: Mapping[str, Release]
) -> Effect | Refusal:
    """The headline of a study where its grade lets it be counted, or why it is not."""
    release = releases.get(study)
    if release is None:
        return "not_answered"
    head, spec = release.headline, specs[study]
    if release.exploratory:
        return "exploratory"
    if release.grade not in TRUSTED:
        return "grade" if release.grade in LADDER else "not_shown"
    if head.status != "released" or head.estimate is None:
        return "not_shown"
    log = spec.outcome.per_cent
    if head.ci_low is None or head.ci_high is None or (log and head.ci_low <= -100):
        return "no_end"
    return Effect(
        value=head.estimate, low=head.ci_low, high=head.ci_high, log=log,
        sign=1 if spec.outcome.higher_is == "better" else -1,
    )  # fmt: skip


def weakest(grades: list[str]) -> str:
    """The lowest of the grades, which words about all of them follow."""
    return max(grades, key=lambda grade: [str(g) for g in LADDER].index(grade))


def _log(per_cent: float) -> float:
    return float(np.log1p(per_cent / 100))
