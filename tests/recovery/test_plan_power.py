"""What a plan calls detectable is found as often as it says, in the demo company.

The plan looks at people of sales in the year before any programme, as the programme would take
them in. The lottery then takes place, lots drawn
anew many times, in a company where mentoring does nothing, and the planned effect is added to those
who won. 120 lots in twelve companies here; `MENTORLIFT_DRAWS=2000` draws more.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.estimators.ancova import ancova
from analysis.panel import Panel
from analysis.planning.power import smallest_difference
from analysis.planning.spread import spread_of
from analysis.study import StudySpec, parse_study
from analysis.synthetic.blocks import blocks
from analysis.synthetic.company import Company, draw_company
from analysis.synthetic.people import CODES
from tests.long_runs import draws

DRAWS = draws(120, 200)
LOTS = 10  # a company
BEFORE = 11  # the month looked at: its next six end before the first round, in month 18
WINDOW = (1, 6)
ALLOWED = 0.02  # the promise: power within two points of the plan


@pytest.fixture(scope="module")
def spec() -> StudySpec:
    return parse_study(
        {
            "study": "planned",
            "question": "Is what the plan calls detectable detected?",
            "as_of": "2025-12-31",
            "programme": "SALES-LOT",
            "design": "randomised",
            "arms": {"treated": "mentee", "comparison": "lottery_lost"},
            "outcome": {"metric": "revenue_per_call", "transform": "log"},
            "follow_up": {"months": 6, "primary": WINDOW},
            "adjust_for": ["pre_period_outcome", "tenure_months", "level"],
        }
    )


def _panel(company: Company, who: np.ndarray, zero: np.ndarray, won: np.ndarray) -> Panel:
    """Log revenue of these people by months since their ``zero``, and what it is adjusted for."""
    parts = list(blocks(company))
    value = np.concatenate([b.happened for b in parts])[who]
    seen = np.concatenate([b.recorded for b in parts])[who]
    event = np.arange(value.shape[1]) - zero[:, None]
    before = seen & (event >= -12) & (event < 0)
    past = np.where(before, value, 0).sum(1) / before.sum(1).clip(1)
    row, month = np.nonzero(seen & (event >= WINDOW[0]) & (event <= WINDOW[1]))
    people = pd.DataFrame(
        {
            "person": np.arange(len(who)),
            "arm": np.where(won, "mentee", "lottery_lost"),
            "stratum": zero,
            "cluster": np.arange(len(who)),
            "take_up": np.nan,
            "pre_outcome": np.nan,
            "pre_period_outcome": np.where(before.any(1), past, np.nan),
            "tenure_months": (zero - company.people.hire_month[who]).astype(float),
            "level=2": (company.people.level[who] == 2).astype(float),
        }
    )
    rows = pd.DataFrame(
        {"person": row, "event_month": event[row, month], "outcome": value[row, month]}
    )
    return Panel(
        people=people,
        rows=rows,
        treated=("mentee",),
        comparison="lottery_lost",
        covariates=("pre_period_outcome", "tenure_months", "level=2"),
    )


def _like_applicants(company: Company) -> tuple[np.ndarray, np.ndarray]:
    """Junior people of sales whom such a programme would have asked, and the month it would have.

    Everybody in the month looked at, and the newcomers of each of the four quarters before.
    """
    people = company.people
    of_sales = (people.level < 3) & (people.department == CODES["sales"])

    def there(month: int) -> np.ndarray:
        tenure = month - people.hire_month
        return of_sales & (company.exit_month > month) & (tenure >= 2) & (tenure <= 47)

    asked = [(there(BEFORE), BEFORE)]
    asked += [(there(m) & ~there(m - 3), m) for m in range(BEFORE, BEFORE - 12, -3)]
    who = [np.flatnonzero(some) for some, _ in asked]
    return np.concatenate(who), np.repeat([month for _, month in asked], [len(w) for w in who])


def _rejections(spec: StudySpec, seed: int) -> tuple[float, float]:
    """Share of lots in which the planned effect is found, and the same without any effect."""
    company = draw_company("null", size=5_000, seed=seed)
    who, when = _like_applicants(company)
    spread = spread_of(_panel(company, who, when, np.zeros(len(who), dtype=bool)), spec, WINDOW)
    assert not isinstance(spread, str)
    lottery = company.lottery.take(company.lottery.department == CODES["sales"])
    lottery = lottery.take(lottery.applied)
    panel = _panel(company, lottery.person, lottery.zero, lottery.won)
    treated = int(lottery.won.sum())
    effect = smallest_difference(spread.variance, treated, len(lottery) - treated)
    rng = np.random.default_rng(seed)
    found = np.zeros(2)
    for _ in range(LOTS):
        won = lottery.won.copy()
        for month in np.unique(lottery.zero):
            here = np.flatnonzero(lottery.zero == month)
            won[here] = rng.permutation(won[here])
        people = panel.people.assign(arm=np.where(won, "mentee", "lottery_lost"))
        for place, gain in enumerate((effect, 0.0)):
            rows = panel.rows.assign(
                outcome=panel.rows["outcome"] + gain * won[panel.rows["person"]]
            )
            drawn = Panel(
                people=people, rows=rows, treated=panel.treated,
                comparison=panel.comparison, covariates=panel.covariates,
            )  # fmt: skip
            (result,) = ancova(drawn, spec, WINDOW)
            found[place] += result.p_value < 0.05
    return tuple(found / LOTS)


@pytest.fixture(scope="module")
def found(spec: StudySpec) -> np.ndarray:
    """A row a company: the shares of lots that reject with the planned effect, and without."""
    return np.array([_rejections(spec, 500 + i) for i in range(max(DRAWS // LOTS, 1))])


@pytest.mark.slow
def test_the_planned_effect_is_found_as_often_as_planned(found: np.ndarray) -> None:
    """.80, two points aside, within 99.9 % binomial bounds of the lots drawn."""
    lots, power = len(found) * LOTS, found[:, 0].mean()
    low = stats.binom.ppf(0.0005, lots, 0.80 - ALLOWED) / lots
    high = stats.binom.ppf(0.9995, lots, 0.80 + ALLOWED) / lots
    print(f"{lots} lots: {power:.3f} with the planned effect, {found[:, 1].mean():.3f} without")
    assert low <= power <= high


@pytest.mark.slow
def test_without_an_effect_it_is_found_as_often_as_the_test_says(found: np.ndarray) -> None:
    lots = len(found) * LOTS
    low, high = stats.binom.interval(0.999, lots, 0.05)
    assert low / lots <= found[:, 1].mean() <= high / lots
