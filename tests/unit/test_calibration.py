"""Placebo programmes: who is drawn, what is counted, and the words for it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from analysis.calibration.draw import chances, lots, pick, programme
from analysis.calibration.exits import start_chances, untouched
from analysis.calibration.placebo import Placebo
from analysis.calibration.pool import Pool, placebo_spec
from analysis.calibration.sites import SitePast, site_past
from analysis.calibration.study import calibrate_study
from analysis.calibration.summary import (
    Calibration,
    calibration,
    line_of,
    no_calibration,
    restore_calibration,
    share,
)
from analysis.exits.careers import NEVER, Careers
from analysis.panel import Panel
from analysis.study import StudySpec, parse_study
from reports.wording.calibration import AS_CHANCE, MOSTLY_WITHHELD, TOO_MANY, in_words, lines_of

MONTHS = 6
FIRST = 12 * 2024


def spec_of(**more: Any) -> StudySpec:
    return parse_study(
        {
            "study": "care",
            "question": "Do people do more because they joined?",
            "as_of": "2025-12-31",
            "programme": "CARE",
            "design": "opt_in",
            "time_zero": "invited_on",
            "arms": {"treated": "joined", "comparison": "never_applied"},
            "outcome": {"metric": "calls"},
            "follow_up": {"months": 3, "primary": [1, 3]},
            "adjust_for": ["skill"],
            **more,
        }
    )


def panel_of(skill: np.ndarray, joined: np.ndarray) -> Panel:
    """People with a skill, and rows whose outcome tells person and month apart."""
    n = len(skill)
    people = pd.DataFrame(
        {
            "person": np.arange(n),
            "arm": np.where(joined, "joined", "never_applied"),
            "stratum": 0,
            "cluster": np.arange(n),
            "take_up": np.nan,
            "mentored": 0.0,
            "pre_outcome": np.nan,
            "skill": skill,
        }
    )
    months = [m for m in range(-1, 4) if m]
    rows = pd.DataFrame(
        [(p, m, 100.0 * p + 50 + m) for p in range(n) for m in months[: 2 + p % 3]],
        columns=["person", "event_month", "outcome"],
    )
    return Panel(
        people=people, rows=rows, treated=("joined",), comparison="never_applied",
        covariates=("skill",),
    )  # fmt: skip


def pool_of(persons: int = 50, real: int = 20) -> Pool:
    """Each person at six months; the real study's people join the more, the more skilled."""
    rng = np.random.default_rng(5)
    of, month = (a.ravel() for a in np.meshgrid(np.arange(persons), np.arange(MONTHS)))
    panel = panel_of(rng.normal(size=len(of)), np.zeros(len(of), dtype=bool))
    skill = rng.normal(size=real)
    joined = rng.random(real) < 1 / (1 + np.exp(-skill + 0.5))
    first = np.searchsorted(panel.rows["person"], np.arange(len(of) + 1))
    return Pool(
        spec=placebo_spec(spec_of()), panel=panel, of=of, month=FIRST + month, first_row=first,
        real=panel_of(skill, joined), rounds=2, seed=7,
    )  # fmt: skip


def test_a_programme_has_everybody_once_in_as_many_months_and_people_as_the_real_one() -> None:
    pool = pool_of()
    units = pick(pool, np.random.default_rng(1))
    assert len(units) == len(np.unique(pool.of[units])) == 20
    assert len(np.unique(pool.month[units])) == 2
    assert (np.diff(units) > 0).all()
    assert (units == pick(pool, np.random.default_rng(1))).all()
    assert set(units) != set(pick(pool, np.random.default_rng(2)))


def test_every_unit_is_as_likely() -> None:
    """Of 50 people 20 are drawn, in one of two months each: every unit in 1 of 15 programmes."""
    pool, times = pool_of(), 3_000
    drawn = np.zeros(len(pool.of))
    for number in range(times):
        drawn[pick(pool, np.random.default_rng(number))] += 1
    expected = times / 15
    assert np.abs(drawn - expected).max() < 5 * np.sqrt(expected)


def test_rows_go_with_their_unit() -> None:
    pool = pool_of()
    units = np.array([3, 10, 41])
    made = programme(pool, units, np.array([True, False, True]))
    assert made.people["arm"].tolist() == ["joined", "never_applied", "joined"]
    assert made.people["person"].tolist() == made.people["cluster"].tolist() == [0, 1, 2]
    assert made.people["skill"].tolist() == pool.panel.people["skill"][units].tolist()
    assert (made.rows["outcome"] // 100).unique().tolist() == [3.0, 10.0, 41.0]
    assert made.rows["person"].tolist() == [0, 0, 1, 1, 1, 2, 2, 2, 2]


def test_chances_of_matched_joiners_are_those_of_the_real_choice() -> None:
    """4,000 people who chose with log odds skill - .5; four standard errors of the slope are .2."""
    pool = pool_of(real=4_000)
    found = chances(pool)
    assert not isinstance(found, str)
    odds = np.log(found / (1 - found))
    slope, base = np.polyfit(pool.panel.people["skill"], odds, 1)
    assert slope == pytest.approx(1, abs=0.2)
    assert base == pytest.approx(-0.5, abs=0.2)


def test_nobody_is_matched_where_skill_decides_alone() -> None:
    pool = pool_of()
    decided = pool.real.people["skill"] > 0
    arm = np.where(decided, "joined", "never_applied")
    found = chances(replace(pool, real=replace(pool.real, people=pool.real.people.assign(arm=arm))))
    assert isinstance(found, str)
    assert "separation" in found


def test_lots_keep_their_share_in_every_stratum() -> None:
    strata = np.repeat([0, 1, 2], [10, 7, 1])
    rng = np.random.default_rng(3)
    won = np.array([lots(strata, 0.5, rng) for _ in range(400)])
    for stratum, places in ((0, {5}), (1, {3, 4}), (2, {0, 1})):
        assert set(won[:, strata == stratum].sum(axis=1)) == places
    assert won.mean(axis=0) == pytest.approx(np.full(18, 0.5), abs=0.1)  # four standard errors


def test_the_share_of_one_arm_of_two() -> None:
    arms = {"treated": ["a", "b"], "comparison": "c"}
    asked = spec_of(
        design="randomised", time_zero="assigned_on", arms=arms,
        allocation={"share": {"a": 0.2, "b": 0.4}},
    )  # fmt: skip
    made = placebo_spec(asked)
    assert made.arms.treated == ("a",)
    assert made.allocation.share == pytest.approx(1 / 3)


def careers() -> Careers:
    """Three people over three months from January 2024: one starts in March, one leaves after."""
    begin = int(np.datetime64("2024-01-01").astype(int))
    never = np.full(3, NEVER)
    return Careers(
        person=np.arange(3), cluster=np.arange(3), hired=np.full(3, begin - 500),
        zero=np.full(3, begin), arm=np.full(3, -1),
        start=np.array([begin + 60, NEVER, NEVER]), exit=np.array([begin + 80, begin + 40, NEVER]),
        kind=np.array([1, 1, 0]), notice=never, end=np.full(3, begin + 90),
        eligible=np.ones((3, 3), dtype=bool), first_month=FIRST, undated=np.zeros(3, dtype=bool),
    )  # fmt: skip


def test_nobody_is_followed_into_a_real_start() -> None:
    real, made = careers(), untouched(careers())
    assert made.end.tolist() == [real.start[0] - 1, real.end[1], real.end[2]]
    assert (made.start == NEVER).all()
    assert made.exit.tolist() == [NEVER, real.exit[1], NEVER]
    assert made.kind.tolist() == [0, 1, 0]
    assert made.eligible.tolist() == [[True, True, False], [True] * 3, [True] * 3]


def test_random_starts_come_as_often_as_real_ones() -> None:
    """One start in eight months in which somebody could: the second had left before March."""
    found = start_chances(careers(), "random")
    assert not isinstance(found, str)
    assert found.tolist() == [[1 / 8] * 3, [1 / 8, 1 / 8, 0], [1 / 8] * 3]


def sites(first_start: int) -> SitePast | str:
    person, month = (a.ravel() for a in np.meshgrid(np.arange(8), np.arange(20)))
    order = np.lexsort((month, person))
    rows = pd.DataFrame({"person": person, "month_no": FIRST + month, "value": 1.0 + month})
    start = pd.Series([first_start, first_start + 3, pd.NA, pd.NA] * 2, dtype="Int64") + FIRST
    people = pd.DataFrame({"site": list("abcd") * 2, "start_month": start})
    asked = spec_of(design="rollout", time_zero="eligible_on", cluster="site", adjust_for=[])
    return site_past(asked, people, pd.DataFrame(), rows.iloc[order])


def test_sites_use_the_months_before_the_first_start() -> None:
    """Starts in months 4 to 8: four months before and three after lie in the first twelve."""
    past = sites(12)
    assert not isinstance(past, str)
    assert past.starts.tolist() == [FIRST + 4, FIRST + 8]
    assert past.rows[1].max() == FIRST + 11
    assert past.wave[:2].tolist() == [0, 1]
    assert np.isnan(past.wave[2:]).all()
    assert sites(7) == "results of 8 months before the first start are needed, and 7 are there"


def placebo(**more: Any) -> Placebo:
    usual: dict[str, Any] = {
        "kind": "random", "p_value": 0.5, "low": -1.0, "high": 1.0, "naive_p": 0.01,
        "grade": "Credible",
    }  # fmt: skip
    return Placebo(**{**usual, **more})


def test_a_claim_takes_a_grade_and_an_interval_without_zero() -> None:
    beyond = {"low": 0.1, "p_value": 0.04}
    assert placebo(**beyond).claimed
    assert not placebo().claimed
    for grade in ("Withheld", "Descriptive only"):
        assert not placebo(**beyond, grade=grade).claimed
        assert placebo(**beyond, grade=grade).excludes_zero
    assert not placebo(low=None, high=None, p_value=None, grade="Withheld").excludes_zero


@pytest.mark.parametrize(("count", "of"), [(0, 200), (10, 200), (200, 200), (3, 7)])
def test_intervals_are_those_of_statsmodels(count: int, of: int) -> None:
    found = share(count, of)
    low, high = proportion_confint(count, of, method="beta")
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)


def found_of(claims: int, withheld: int, of: int = 200) -> Calibration:
    made = [placebo(low=0.1, p_value=0.04)] * claims
    made += [placebo(grade="Withheld", failed=("placebo",))] * withheld
    made += [placebo()] * (of - len(made))
    return calibration(spec_of(), [line_of("random", made)], made)


def test_shares_count_programmes() -> None:
    total = found_of(10, 4).total
    assert total is not None
    assert total.claimed.value == 0.05
    assert total.withheld.value == 0.02
    assert total.failed == (("placebo", 4),)
    assert total.covered.value == 0.95
    assert total.naive.value == 1


def test_words_say_the_share_and_what_it_means() -> None:
    first, meaning, raw = in_words(found_of(10, 4))
    assert first == (
        "On your data this method claimed an effect in 5.0 % of 200 programmes that did not exist "
        "(95 % interval 2.4 to 9.0 %; nominal 5 %)."
    )
    assert meaning == AS_CHANCE
    assert raw == "The raw gap would have been taken for an effect in 100.0 %."
    assert list(in_words(found_of(30, 0)))[1] == TOO_MANY
    assert list(in_words(found_of(0, 150)))[1] == MOSTLY_WITHHELD
    assert list(in_words(no_calibration(spec_of(), "too short"))) == [
        "No placebo programme could be drawn: too short."
    ]


def test_the_total_stands_below_several_kinds_alone() -> None:
    one, made = found_of(10, 4), [placebo()]
    assert len(lines_of(one)[1]) == 1
    both = calibration(spec_of(), [line_of("random", made), line_of("matched", made)], made + made)
    assert [row[1] for row in lines_of(both)[1]] == ["1", "1", "2"]
    assert lines_of(no_calibration(spec_of(), "too short"))[1] == []


def test_a_calibration_is_read_as_it_was_written() -> None:
    found = found_of(10, 4)
    assert restore_calibration(json.loads(json.dumps(found.as_dict()))) == found


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"outcome": {"kind": "scale", "metric": "tis6"}}, "surveys"),
        (
            {
                "outcome": {"kind": "promotion", "metric": "level"},
                "follow_up": {"months": 3, "primary": [3, 3]},
            },
            "promotions",
        ),
    ],
)
def test_what_has_no_placebo_is_refused_with_a_reason(more: dict[str, Any], word: str) -> None:
    def nothing(*_: object) -> Any:
        raise AssertionError("nothing is read")

    found = calibrate_study(spec_of(**more), nothing, nothing, 10, 10)
    assert not found.lines
    assert word in found.reason
