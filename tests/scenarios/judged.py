"""The draws of a question summed up, and held against what is promised of it.

Coverage of 95 % intervals and the size of tests must lie within the 99.9 % binomial bounds of their
nominal rates. A finite sample may be biased by a quarter of a standard error, which alone costs
coverage .7 points and adds as much to the size of a test: that much lower a bound may lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from tests.scenarios.questions import QUESTIONS
from tests.scenarios.raw import FIELDS, kept
from tests.scenarios.truth import REALISED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scenarios.questions import Question

LEVEL, SURE = 0.95, 0.999
BIAS_ALLOWED = 0.25  # of a standard error
MONTE_CARLO = 4.0  # standard errors of the mean over draws
WITHHELD_ALLOWED = 0.05  # of draws of good data, all gates together
GOOD = ("default", "null")
GRADES = ("Randomised", "Credible", "Suggestive", "Descriptive only", "Withheld", "Refused")
BOUNDS = ("lee_bound_lower", "lee_bound_upper")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One figure of a question over its draws; ``claims`` is the share of p-values under .05.

    ``wrong`` is the share of all draws in which the headline was shown and its interval did not
    hold the truth.
    """

    asked: Question
    figure: str
    draws: int
    estimated: int
    truth: float
    naive: float
    mean: float
    bias: float
    bias_error: float
    spread: float
    std_error: float
    coverage: float
    claims: float
    wrong: float
    grades: dict[str, float]

    @property
    def name(self) -> str:
        """Scenario, study and figure."""
        return f"{self.asked.scenario} {self.asked.study} {self.figure}"

    @property
    def null(self) -> bool:
        """Whether there is no effect."""
        return self.truth == 0.0

    def verdict(self) -> str:
        """What is wrong with a figure that should recover the truth; empty where nothing is."""
        if self.figure in BOUNDS:
            return "" if self.coverage >= bounds(LEVEL, self.estimated)[0] else "does not hold it"
        if self.asked.promise != "recovers":
            return ""
        wrong = []
        limit = MONTE_CARLO * self.bias_error + BIAS_ALLOWED * self.std_error
        if abs(self.bias) > limit:
            wrong.append(f"bias beyond {limit:.2g}")
        low, high = bounds(LEVEL, self.estimated)
        if not low <= self.coverage <= high:
            wrong.append(f"coverage outside {100 * low:.1f} to {100 * high:.1f}")
        low, high = bounds(1 - LEVEL, self.estimated)
        if self.null and not low <= self.claims <= high:
            wrong.append(f"size outside {100 * low:.1f} to {100 * high:.1f}")
        withheld = self.grades["Withheld"] + self.grades["Refused"]
        if self.asked.scenario in GOOD and withheld > WITHHELD_ALLOWED:
            wrong.append(f"withheld in over {100 * WITHHELD_ALLOWED:.0f} %")
        return "; ".join(wrong)


def bounds(rate: float, draws: int) -> tuple[float, float]:
    """Binomial bounds of a share over draws, on the unfavourable side of a rate with the bias."""
    edge = float(stats.norm.ppf((1 + LEVEL) / 2))
    inside = float(stats.norm.cdf(edge - BIAS_ALLOWED) - stats.norm.cdf(-edge - BIAS_ALLOWED))
    worst = inside if rate == LEVEL else 1 - inside
    tail = (1 - SURE) / 2
    low, high = min(rate, worst), max(rate, worst)
    return (
        float(stats.binom.ppf(tail, draws, low)) / draws,
        float(stats.binom.ppf(1 - tail, draws, high)) / draws,
    )


def summaries() -> Iterator[Summary]:
    """All figures of all questions of which draws are kept."""
    for asked in QUESTIONS:
        frame = kept(asked)
        if frame is not None:
            yield from of_question(asked, frame)


def of_question(asked: Question, frame: pd.DataFrame) -> Iterator[Summary]:
    """The headline, then the figures kept beside it."""
    ends = ".estimate"
    names = [c.removesuffix(ends) for c in frame.columns if c.endswith(ends)]
    shares = frame["grade"].value_counts(normalize=True)
    shown = ~frame["grade"].isin(["Withheld", "Refused"])
    if "primary" not in names:  # refused or not estimable in every draw
        frame = frame.assign(**{f"primary.{field}": np.nan for field in FIELDS})
        names = ["primary", *names]
    for name in [n for n in names if n != "naive"]:
        own = frame[frame[f"{name}.estimate"].notna()]
        estimate, low, high = (own[f"{name}.{f}"] for f in ("estimate", "low", "high"))
        if name in BOUNDS:  # one end each
            low, high = (low, np.inf) if name == BOUNDS[0] else (-np.inf, high)
        truth = own[f"{name}.truth"]
        if (asked.study, name) in REALISED:
            truth = pd.Series(truth.mean(), index=own.index)
        holds = (low <= truth) & (truth <= high)
        miss = estimate - truth
        n = len(own)
        yield Summary(
            asked=asked, figure=name, draws=len(frame), estimated=n,
            truth=float(truth.mean()),
            naive=float(frame["naive.estimate"].mean()) if "naive" in names else np.nan,
            mean=float(estimate.mean()), bias=float(miss.mean()),
            bias_error=float(miss.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan,
            spread=float(estimate.std(ddof=1)) if n > 1 else np.nan,
            std_error=float(own[f"{name}.std_error"].mean()),
            coverage=float(holds.mean()), claims=float((own[f"{name}.p"] < 1 - LEVEL).mean()),
            wrong=float((~holds & shown[own.index]).sum() / len(frame)),
            grades={g: float(shares.get(g, 0.0)) for g in GRADES},
        )  # fmt: skip


def gates(asked: Question, frame: pd.DataFrame) -> list[tuple[str, float, float]]:
    """Each check that ever failed or warned: name, share of draws failed, share warned."""
    found = []
    for column in [c for c in frame.columns if c.startswith("check.")]:
        failed, warned = ((frame[column] == letter).mean() for letter in "fw")
        if failed or warned:
            found.append((column.removeprefix("check."), float(failed), float(warned)))
    return sorted(found, key=lambda gate: (-gate[1], -gate[2], gate[0]))
