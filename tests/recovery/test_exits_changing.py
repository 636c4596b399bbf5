"""A world in which what drives the start changes over time, simulated directly.

Strain comes and goes; strained people leave more and ask for a mentor more. So whoever goes on
without one is less strained every month, and comparators must be weighted. People ask for nine
months, so "ever started" is a matter of having stayed: the naive gap is six points, although those
who start are those who leave.
`MENTORLIFT_DRAWS=500` takes about five minutes a world.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import stats

from analysis.estimate import Estimate
from analysis.exits.calendar import first_day
from analysis.exits.careers import KINDS, NEVER, Careers, Covariate
from analysis.exits.entries import ever
from analysis.exits.figures import Maker
from analysis.exits.incidence import by_day
from analysis.exits.raw import naive_difference
from analysis.exits.results import difference
from analysis.exits.setting import Compared, ExitSetting, fitter_of
from analysis.study import parse_study

DRAWS = int(os.environ.get("MENTORLIFT_DRAWS", "10"))
PEOPLE, MONTHS, OPEN, FOLLOWED = 1_500, 24, 9, 12  # people can start in the first nine months
FIRST = 12 * 2023
STAYS = np.array([0.97, 0.94])  # chance that strain (0 or 1) is the same a month later
LEAVES = np.array([0.012, 0.036])  # force of voluntary exit by strain
OTHERS = 0.004  # chance of an involuntary exit
STARTS = np.array([0.03, 0.10])  # chance to start by strain
THETA = 0.6
# of a standard error, the stated allowance for bias: what is known of strain at the baseline fades
# as an exponential, and in the model along a line; about .2 over 100 draws
ALLOWED = 0.25

SPEC = parse_study(
    {
        "study": "changing",
        "question": "What was planted?",
        "as_of": "2024-12-31",
        "programme": "P",
        "design": "opt_in",
        "time_zero": "eligible_on",
        "arms": {"treated": "with", "comparison": "without"},
        "outcome": {"kind": "exit", "metric": "voluntary"},
        "follow_up": {"months": FOLLOWED, "primary": [1, 12], "windows": [[1, 3], [1, 6]]},
    }
)


def draw(seed: int, theta: float) -> Careers:
    """People employed from before the first month on, eligible from it on."""
    rng = np.random.default_rng(seed)
    strain = np.zeros((PEOPLE, MONTHS), dtype=np.int16)
    strain[:, 0] = rng.random(PEOPLE) < 1 / 3
    start, left = np.full(PEOPLE, NEVER), np.full(PEOPLE, NEVER)
    kind = np.zeros(PEOPLE, dtype=np.int64)
    voluntary, involuntary = KINDS.index("voluntary"), KINDS.index("involuntary")
    for t in range(MONTHS):
        if t:
            same = rng.random(PEOPLE) < STAYS[strain[:, t - 1]]
            strain[:, t] = np.where(same, strain[:, t - 1], 1 - strain[:, t - 1])
        now = strain[:, t]
        day = first_day(np.array(FIRST + t)) + rng.integers(0, 28, PEOPLE)
        force = LEAVES[now] * np.where(start < first_day(np.array(FIRST + t)), theta, 1.0)
        goes = rng.random(PEOPLE) < -np.expm1(-force)
        sacked = rng.random(PEOPLE) < OTHERS
        there = left == NEVER
        leaves = there & (goes | sacked)
        left[leaves] = day[leaves]
        kind[leaves] = np.where(goes, voluntary, involuntary)[leaves]
        asks = (t < OPEN) & there & ~leaves & (start == NEVER) & (rng.random(PEOPLE) < STARTS[now])
        start[asks] = day[asks]
    nobody = np.zeros(PEOPLE, dtype=np.int64)
    return Careers(
        person=np.arange(PEOPLE), cluster=np.arange(PEOPLE),
        hired=first_day(np.array(FIRST)) - rng.integers(30, 2_000, PEOPLE),
        zero=nobody + first_day(np.array(FIRST)), arm=nobody - 1, start=start, exit=left, kind=kind,
        notice=nobody + NEVER, end=nobody + first_day(np.array(FIRST + MONTHS)) - 1,
        eligible=np.tile(np.arange(MONTHS) < OPEN, (PEOPLE, 1)), first_month=FIRST,
        undated=np.zeros(PEOPLE, dtype=bool),
        covariates=(Covariate(name="strain", codes=strain, labels=("no", "yes")),),
    )  # fmt: skip


def left_by(strain: np.ndarray, theta: float) -> np.ndarray:
    """Chance of having left voluntarily by the end of each month, given strain at the baseline."""
    moves = np.array([[STAYS[0], 1 - STAYS[0]], [1 - STAYS[1], STAYS[1]]])
    there, total = np.eye(2)[strain], np.zeros(len(strain))
    found = []
    for _ in range(FOLLOWED):
        there = there @ moves
        leaves = -np.expm1(-LEAVES * theta)
        total = total + there @ leaves
        there = there * (1 - leaves) * (1 - OTHERS)
        found.append(total)
    return np.stack(found, axis=1)


def answer(careers: Careers) -> tuple[Maker, Compared]:
    fitter = fitter_of(careers, SPEC)
    compared = fitter.headline(None)
    assert not isinstance(compared, str), compared
    setting = ExitSetting(
        careers=careers, spec=SPEC, kinds=fitter.kinds, cluster=fitter.cluster, arms=()
    )
    return Maker(setting=setting, arm="with"), compared


def frozen(careers: Careers) -> Careers:
    """The same people, of whom only the strain of the first month is known: no weights."""
    strain = careers.covariates[0]
    return replace(careers, covariates=(replace(strain, codes=strain.codes[:, :1]),))


@cache
def run(theta: float) -> dict[str, np.ndarray]:
    """A row a draw: estimate, interval, truth; at 90, 180, 365 days, unweighted, and naive."""
    rows: dict[str, list[tuple[float, ...]]] = {}
    for seed in range(DRAWS):
        careers = draw(seed, theta)
        maker, compared = answer(careers)
        group = compared.group
        strain = careers.covariates[0].codes[group.row, group.column]
        change = left_by(strain, theta) - left_by(strain, 1.0)
        for place, day in enumerate((365, 90, 180)):
            truth = float((by_day(group.ends, day)[group.group] * change).sum() / len(group))
            at = difference(maker, compared, "x", "voluntary", place=place)
            assert isinstance(at, Estimate)
            rows.setdefault(str(day), []).append((at.estimate, at.ci_low, at.ci_high, truth))
        naive = naive_difference(maker, ever(careers, FOLLOWED))
        assert isinstance(naive, Estimate)
        rows.setdefault("naive", []).append((naive.estimate, naive.ci_low, naive.ci_high, 0.0))
        if theta == 1.0:
            plain = difference(*answer(frozen(careers)), "x", "voluntary")
            assert isinstance(plain, Estimate)
            found = (plain.estimate, plain.ci_low, plain.ci_high, 0.0)
            rows.setdefault("frozen", []).append(found)
    return {name: np.array(found) for name, found in rows.items()}


@pytest.mark.parametrize("day", ["365", "90", "180"])
@pytest.mark.parametrize("theta", [1.0, THETA])
def test_weighted_comparators_give_the_planted_difference(theta: float, day: str) -> None:
    estimate, low, high, truth = run(theta)[day].T
    covered = ((low <= truth) & (truth <= high)).sum()
    least, most = stats.binom.interval(0.999, DRAWS, 0.95)
    assert least <= covered <= most
    miss = estimate - truth
    allowed = 4 * miss.std(ddof=1) / np.sqrt(DRAWS) + ALLOWED * float(np.mean(high - low)) / 3.92
    assert abs(miss.mean()) < allowed


def test_staying_looks_like_an_effect_to_the_naive_comparison() -> None:
    naive = run(1.0)["naive"]
    assert naive[:, 0].mean() < -0.04


def test_without_what_changes_the_answer_is_off() -> None:
    plain = run(1.0)["frozen"][:, 0]
    assert plain.mean() > 4 * plain.std(ddof=1) / np.sqrt(DRAWS)
