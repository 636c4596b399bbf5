"""The demo company: addressed draws, two worlds of one person, rates in the published ranges."""

from __future__ import annotations

from dataclasses import fields
from functools import cache

import numpy as np
import pytest

from analysis.synthetic.blocks import blocks
from analysis.synthetic.calendar import MONTHS, NEVER
from analysis.synthetic.company import Company, draw_company
from analysis.synthetic.exits import END_OF_CONTRACT, KINDS, RETIREMENT, VOLUNTARY
from analysis.synthetic.lottery import PROFILE, drawn_on
from analysis.synthetic.people import DEPARTMENTS
from analysis.synthetic.potential import potential_outcomes
from analysis.synthetic.sessions import Sessions, draw_sessions
from analysis.synthetic.streams import Streams
from analysis.synthetic.truth import estimands


@cache
def company(scenario: str = "default", size: int = 5_000) -> Company:
    return draw_company(scenario, size=size, seed=7)


@cache
def meetings() -> Sessions:
    firm = company()
    return draw_sessions(firm.streams, firm.people, firm.matches, 0, len(firm))


def columns(record: object) -> dict[str, np.ndarray]:
    return {f.name: getattr(record, f.name) for f in fields(record)}


def assert_same(one: object, other: object) -> None:
    for name, values in columns(one).items():
        np.testing.assert_array_equal(values, columns(other)[name], err_msg=name)


# --- addressing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [4, 48, 512])
def test_a_block_of_a_stream_is_a_slice_of_the_whole(width: int) -> None:
    streams = Streams(3)
    whole = streams.rows("noise", 0, 50, width)
    np.testing.assert_array_equal(streams.rows("noise", 17, 9, width), whole[17:26])
    for rows in ([41, 2], [2, 8_000], []):  # close together, far apart, none
        found = streams.picked("noise", np.array(rows, dtype=int), width)
        np.testing.assert_array_equal(found, streams.rows("noise", 0, 8_001, width)[rows])


def test_streams_differ_by_name_and_by_seed() -> None:
    first = Streams(3).scalar("a", 0, 100)
    assert not np.isin(first, Streams(3).scalar("b", 0, 100)).any()
    assert not np.isin(first, Streams(4).scalar("a", 0, 100)).any()


def test_a_scenario_changes_only_what_it_names() -> None:
    default, null = company(), company("null")
    assert_same(default.people, null.people)
    assert_same(default.untreated, null.untreated)
    for name in ("applied", "won", "takes_up", "untreated_month", "zero"):
        np.testing.assert_array_equal(getattr(default.lottery, name), getattr(null.lottery, name))
    for one, other in zip(blocks(default), blocks(null), strict=True):
        np.testing.assert_array_equal(one.untreated, other.untreated)


# --- two worlds -----------------------------------------------------------------------------------


def test_in_the_null_scenario_the_two_worlds_are_one() -> None:
    null = company("null")
    assert_same(
        null.untreated,
        type(null.untreated)(
            month=null.exit_month,
            kind=null.exit_kind,
            other_month=null.untreated.other_month,
            other_kind=null.untreated.other_kind,
        ),
    )
    for block in blocks(null):
        np.testing.assert_array_equal(block.untreated, block.happened)
    found = [e for e in estimands(null) if e.estimand != "return_on_cost"]
    values = {e.value_expected for e in found} | {e.value_realised for e in found}
    assert values == {0.0, 1.0}  # no effect anywhere, and a hazard factor of one


def test_worlds_differ_only_for_people_who_take_up() -> None:
    lottery = company().lottery
    differ = lottery.untreated_month != lottery.offered_month
    assert differ.any()
    assert lottery.takes_up[differ].all()
    assert (lottery.offered_month >= lottery.untreated_month).all()  # mentoring drives nobody out


def test_nobody_acts_before_time_zero() -> None:
    firm = company()
    lottery = firm.lottery
    zero = np.full(len(firm), np.datetime64("NaT", "D"))
    for e in firm.programmes:
        zero[e.person] = drawn_on(e.zero)
    assert (lottery.offered_month > lottery.zero).all()
    assert (firm.matches.matched_on > zero[firm.matches.mentee]).all()
    assert (meetings().held_on > zero[meetings().mentee]).all()
    care = firm.programme("CARE-OPTIN")
    mentored = {*lottery.person[lottery.mentored], *care.person[care.mentored]}
    assert set(firm.matches.mentee) == mentored
    gain = lottery.gain_by_month()
    assert (gain[lottery.effect_month() <= 0] == 0).all()
    assert (gain[lottery.effect_month() == 1] > 0).all()


def test_everybody_who_takes_up_has_met_and_nobody_meets_after_leaving() -> None:
    firm = company()
    sessions = meetings()
    late = firm.lottery.person[firm.lottery.mentored]
    assert set(late) <= set(sessions.mentee[sessions.confirmed])
    left = firm.exit_on[sessions.mentee]
    assert (np.isnat(left) | (sessions.held_on <= left)).all()
    mentor_left = firm.exit_on[firm.matches.mentor]
    assert (np.isnat(mentor_left) | (firm.matches.ended_on <= mentor_left)).all()


def test_the_gain_has_mean_one_over_months_1_to_6_and_fades() -> None:
    assert PROFILE[1:7].mean() == pytest.approx(1.0)
    assert PROFILE[[0, 1, 9, 18, 40]].tolist() == pytest.approx([0, 0.5, 1.15, 0.30, 0.30])


# --- rates ----------------------------------------------------------------------------------------


def yearly(firm: Company, who: np.ndarray, kind: int) -> float:
    """Exits of a kind per person-year on roll."""
    month = np.arange(MONTHS)
    on_roll = (firm.people.tenure() >= 0) & (month <= firm.exit_month[:, None])
    return 12 * ((firm.exit_kind == kind) & who).sum() / on_roll[who].sum()


# Published: 18.6, 13.3, 10.5, 6.9 and 5.5 % a year; the bounds are four standard errors at 20,000.
@pytest.mark.parametrize(
    ("name", "rate", "bound"),
    [
        ("contact_centre", 0.186, 0.012),
        ("sales", 0.133, 0.012),
        ("operations", 0.105, 0.010),
        ("engineering", 0.069, 0.011),
        ("corporate", 0.055, 0.011),
    ],
)
def test_voluntary_exits_a_year(name: str, rate: float, bound: float) -> None:
    firm = company(size=20_000)
    code = [d.name for d in DEPARTMENTS].index(name)
    assert yearly(firm, firm.people.department == code, VOLUNTARY) == pytest.approx(rate, abs=bound)


def test_further_facts_about_exits() -> None:
    firm = company(size=20_000)
    everybody = np.ones(len(firm), dtype=bool)
    total = sum(yearly(firm, everybody, kind) for kind in range(1, len(KINDS)))
    assert 0.165 < total < 0.195  # 17.5 % without retirements and contract ends
    tenure = firm.exit_month - firm.people.hire_month
    assert (tenure[firm.exit_kind == VOLUNTARY] < 12).mean() == pytest.approx(0.38, abs=0.03)
    assert (tenure[firm.exit_kind == END_OF_CONTRACT] == 12).all()
    assert firm.people.fixed_term[firm.exit_kind == END_OF_CONTRACT].all()
    retired = firm.exit_kind == RETIREMENT
    assert ((firm.people.age + firm.exit_month / 12)[retired] >= 60).all()
    left = firm.exit_month < NEVER
    assert (firm.exit_on[left] >= firm.people.hired_on[left]).all()
    assert np.isnat(firm.exit_on[~left]).all()


def test_headcount_and_levels() -> None:
    firm = company()
    assert abs(len(firm) - 9_770) < 50
    at_24 = (firm.people.hire_month <= 24) & (firm.exit_month > 24)
    assert abs(at_24.sum() - 5_490) < 200
    shares = np.bincount(firm.people.level, minlength=6)[1:] / len(firm)
    np.testing.assert_allclose(shares, [0.62, 0.22, 0.10, 0.04, 0.02], atol=0.02)


def test_the_lottery_is_open_to_juniors_and_gives_half_a_place() -> None:
    firm = company(size=20_000)
    lottery = firm.lottery
    assert (firm.people.level[lottery.person] < 3).all()
    assert ((lottery.tenure >= 2) & (lottery.tenure <= 47)).all()
    assert len(np.unique(lottery.person)) == len(lottery)
    for month in np.unique(lottery.zero):
        for code in np.unique(lottery.department):
            here = (lottery.zero == month) & (lottery.department == code)
            applied = (here & lottery.applied).sum()
            assert abs(2 * (here & lottery.won).sum() - applied) <= 1
    assert not (lottery.won & ~lottery.applied).any()
    assert lottery.applied.mean() == pytest.approx(0.48, abs=0.03)
    assert lottery.mentored.sum() / lottery.won.sum() == pytest.approx(0.63, abs=0.05)


def test_the_motivated_apply_and_take_up_more_often() -> None:
    lottery = company(size=20_000).lottery
    motivation = company(size=20_000).people.motivation[lottery.person]
    applied, taken = lottery.applied, lottery.mentored
    assert motivation[applied].mean() - motivation[~applied].mean() > 0.3
    assert motivation[taken].mean() - motivation[lottery.won & ~taken].mean() > 0.15
    assert abs(motivation[lottery.won].mean() - motivation[applied & ~lottery.won].mean()) < 0.12


def test_mentors_are_senior_and_never_mentees() -> None:
    firm = company()
    assert (firm.people.level[firm.matches.mentor] >= 3).all()
    for e in firm.programmes[:2]:
        assert not np.isin(firm.matches.mentor, e.person).any()


def test_potential_outcomes_have_a_row_for_everybody_invited() -> None:
    for table, enrolment in zip(potential_outcomes(company()), company().programmes, strict=True):
        assert {len(values) for values in table.values()} == {len(enrolment)}
