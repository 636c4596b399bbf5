"""The planted truth can be found: a plain estimator recovers it, a naive one is fooled as meant."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from analysis.synthetic.blocks import blocks as all_blocks
from analysis.synthetic.company import Company, draw_company
from analysis.synthetic.people import CODES
from analysis.synthetic.truth import estimands
from pipelines.demo import DEFAULT_SEED
from tests.long_runs import draws

if TYPE_CHECKING:
    from analysis.synthetic.estimand import Estimand

DRAWS = draws(12, 20)
SPREAD = 3.9  # points: at least the standard deviation of a naive answer over draws


@dataclass(frozen=True)
class Answers:
    """Per cent on months 1-6, standard errors in log points x 100."""

    itt: float
    itt_se: float
    late: float
    late_se: float
    as_treated: float  # raw: mentored against the other applicants
    against_all: float  # raw: mentored against everybody else invited
    truth_itt: float
    truth_late: float
    realised_itt: float


def percent(log: float) -> float:
    return 100 * float(np.expm1(log))


def regress(
    y: np.ndarray, treated: np.ndarray, controls: np.ndarray, person: np.ndarray, lot: np.ndarray
) -> tuple[float, float]:
    """Just-identified IV (OLS when ``lot`` is ``treated``), clustered by person."""
    x, z = np.column_stack([treated, controls]), np.column_stack([lot, controls])
    bread = np.linalg.inv(z.T @ x)
    beta = bread @ (z.T @ y)
    scores = np.zeros((person.max() + 1, z.shape[1]))
    np.add.at(scores, person, z * (y - x @ beta)[:, None])
    variance = bread @ (scores.T @ scores) @ bread.T
    return float(beta[0]), float(np.sqrt(variance[0, 0]))


def answer(company: Company, truths: list[Estimand]) -> Answers:
    """Pooled ANCOVA with months, strata, pre-period mean and tenure; the same by 2SLS; raw gaps."""
    lottery = company.lottery.take(company.lottery.department == CODES["sales"])
    blocks = list(all_blocks(company))
    value = np.concatenate([b.happened for b in blocks])[lottery.person]
    seen = np.concatenate([b.recorded for b in blocks])[lottery.person]
    event = lottery.event_month()
    before, after = seen & (event < 0), seen & (event >= 1) & (event <= 6)
    pre = np.where(before, value, 0).sum(1) / before.sum(1).clip(1)
    has_pre = before.any(1)
    row, month = np.nonzero(after & (lottery.applied & has_pre)[:, None])
    dummies = [event[row, month] == e for e in range(1, 7)]
    dummies += [lottery.zero[row] == r for r in np.unique(lottery.zero)[1:]]
    controls = np.column_stack([*dummies, pre[row], lottery.tenure[row]]).astype(float)
    won, met = lottery.won[row].astype(float), lottery.mentored[row].astype(float)
    y = value[row, month]
    itt, itt_se = regress(y, won, controls, row, won)
    late, late_se = regress(y, met, controls, row, won)
    there = after.any(1)
    mean = np.where(after, value, 0).sum(1) / after.sum(1).clip(1)
    took = mean[there & lottery.mentored].mean()
    truth = {
        (e.estimand, e.window, e.subgroup): e
        for e in truths
        if e.estimand.endswith("while_employed")
    }
    planted = truth["revenue_per_call.itt.while_employed", "1-6", ""]
    return Answers(
        itt=percent(itt),
        itt_se=100 * itt_se,
        late=percent(late),
        late_se=100 * late_se,
        as_treated=percent(took - mean[there & lottery.applied & ~lottery.mentored].mean()),
        against_all=percent(took - mean[there & ~lottery.mentored].mean()),
        truth_itt=planted.value_expected,
        truth_late=truth["revenue_per_call.late.while_employed", "1-6", ""].value_expected,
        realised_itt=planted.value_realised,
    )


@cache
def companies(scenario: str) -> list[tuple[Answers, list[Estimand]]]:
    """Answers and truths of every draw."""
    found = []
    for draw in range(DRAWS):
        company = draw_company(scenario, size=5_000, seed=100 + draw)
        truths = estimands(company)
        found.append((answer(company, truths), truths))
    return found


def figures(scenario: str) -> dict[str, np.ndarray]:
    found = [answers for answers, _ in companies(scenario)]
    return {name: np.array([getattr(a, name) for a in found]) for name in vars(found[0])}


@pytest.mark.parametrize("scenario", ["default", "null"])
@pytest.mark.parametrize(("figure", "truth"), [("itt", "truth_itt"), ("late", "truth_late")])
def test_the_lottery_recovers_what_was_planted(scenario: str, figure: str, truth: str) -> None:
    found = figures(scenario)
    miss = found[figure] - found[truth]
    assert abs(miss.mean()) < 4 * miss.std(ddof=1) / np.sqrt(DRAWS)


def test_truths_are_those_of_the_published_design() -> None:
    found = figures("default")
    assert found["truth_itt"].mean() == pytest.approx(3.69, abs=0.1)
    assert found["truth_late"].mean() == pytest.approx(5.89, abs=0.15)
    assert found["itt_se"].mean() == pytest.approx(1.43, abs=0.15)


# Published means over draws; the bounds are four standard errors of a mean.
@pytest.mark.parametrize(
    ("scenario", "figure", "published"),
    [
        ("default", "as_treated", 8.3),
        ("default", "against_all", 11.7),
        ("null", "against_all", 5.6),
    ],
)
def test_naive_answers_are_fooled_by_selection(
    scenario: str, figure: str, published: float
) -> None:
    found = figures(scenario)[figure].mean()
    assert found == pytest.approx(published, abs=4 * SPREAD / np.sqrt(DRAWS))


def test_realised_and_expected_truth_agree() -> None:
    """Expected lies at the centre of realised, for performance and for exits."""
    gaps: dict[tuple[str, ...], list[float]] = {}
    for _, truths in companies("default"):
        for e in truths:
            key = (e.programme, e.estimand, e.population, e.window, e.subgroup)
            gaps.setdefault(key, []).append(e.value_realised - e.value_expected)
    for key, gap in gaps.items():
        error = np.std(gap, ddof=1) / np.sqrt(DRAWS)
        assert abs(np.mean(gap)) < 4 * error + 1e-9, key


def test_the_default_seed_is_a_typical_draw() -> None:
    company = draw_company(size=5_000, seed=DEFAULT_SEED)
    first = answer(company, estimands(company))
    assert abs(first.itt - first.truth_itt) < first.itt_se
    assert abs(first.late - first.truth_late) < first.late_se
