"""The generator itself, for every scenario: addressing, two worlds, and only what is named."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from analysis.synthetic.blocks import block_survey, blocks
from analysis.synthetic.calendar import NEVER
from analysis.synthetic.company import Company, draw_company
from analysis.synthetic.lottery import drawn_on
from analysis.synthetic.scenario import SCENARIOS
from analysis.synthetic.sessions import draw_sessions
from analysis.synthetic.truth import estimands
from pipelines import demo_tables
from pipelines.demo_canonical import block_tables, whole_tables

SIZE = 1_200
EVERY = sorted(SCENARIOS)


@cache
def company(scenario: str = "default", size: int = SIZE) -> Company:
    return draw_company(scenario, size=size, seed=11)


def everything(firm: Company) -> dict[str, pa.Table]:
    """All canonical tables and exports, whatever the size of blocks."""
    ids = demo_tables.person_ids(firm)
    parts: dict[str, list[pa.Table]] = {}
    for block in blocks(firm):
        last = block.first + len(block.site)
        held = draw_sessions(firm.streams, firm.people, firm.matches, block.first, last)
        tables = block_tables(firm, block, held, ids)
        tables["workers.csv"] = demo_tables.workers(firm, ids, block.first)
        tables["jobs.csv"] = demo_tables.jobs(firm, block, ids)
        for name, table in tables.items():
            parts.setdefault(name, []).append(table)
    whole = whole_tables(firm, ids) | {"applications.csv": demo_tables.applications(firm, ids)}
    return {name: pa.concat_tables(tables) for name, tables in parts.items()} | whole


@pytest.mark.parametrize("scenario", EVERY)
def test_the_size_of_blocks_changes_nothing(scenario: str) -> None:
    one, other = (
        draw_company(scenario, size=SIZE, seed=11, block=block) for block in (1_000, 7_777)
    )
    ours, theirs = everything(one), everything(other)
    for name, table in ours.items():
        keys = [(c, "ascending") for c in table.column_names if name == "identifier"]
        one_table = table.sort_by(keys) if keys else table
        other_table = theirs[name].sort_by(keys) if keys else theirs[name]
        assert one_table.equals(other_table), name
    assert estimands(one) == estimands(other)


# what a switch may change of the world without mentoring
OWN_PEOPLE = {"small"}
OWN_EXITS = {"attrition", "small"}
OWN_PERFORMANCE = {"pre_trend", "small"}


@pytest.mark.parametrize("scenario", [name for name in EVERY if name != "small"])
def test_a_switch_leaves_everything_else_equal(scenario: str) -> None:
    default, other = company(), company(scenario)
    for name in ("ability", "motivation", "commitment", "intention", "site", "hire_month"):
        ours, theirs = getattr(default.people, name), getattr(other.people, name)
        if scenario not in OWN_EXITS:
            np.testing.assert_array_equal(ours, theirs, err_msg=name)
    if scenario not in OWN_EXITS:
        np.testing.assert_array_equal(default.untreated.month, other.untreated.month)
        np.testing.assert_array_equal(default.lottery.person, other.lottery.person)
        np.testing.assert_array_equal(default.lottery.applied, other.lottery.applied)
    if scenario not in {"broken_lottery", "spillover", "attrition"}:
        np.testing.assert_array_equal(default.lottery.won, other.lottery.won)
    if scenario not in {"hidden_selection", "attrition"}:
        care = (firm.programme("CARE-OPTIN").applied for firm in (default, other))
        np.testing.assert_array_equal(*care)
    if scenario not in OWN_PERFORMANCE:
        for one, two in zip(blocks(default), blocks(other), strict=True):
            np.testing.assert_array_equal(one.untreated, two.untreated)


@pytest.mark.parametrize("scenario", EVERY)
def test_nobody_acts_before_time_zero(scenario: str) -> None:
    firm = company(scenario)
    zero = np.full(len(firm), np.datetime64("NaT", "D"))
    for e in firm.programmes:
        zero[e.person] = drawn_on(e.zero)
        assert (e.untreated_month > e.zero)[e.programme != "OPS-ROLL" or e.tenure >= 0].all()
        differ = e.untreated_month != e.if_mentored_month
        assert (np.minimum(e.untreated_month, e.if_mentored_month) > e.start)[differ].all()
        assert (e.gain_by_month()[e.effect_month() <= 0] == 0).all()
    begun = firm.matches.matched_on
    starters = firm.people.starter[firm.matches.mentee]
    assert (begun >= zero[firm.matches.mentee])[~starters].all()
    met = draw_sessions(firm.streams, firm.people, firm.matches, 0, len(firm))
    assert (met.held_on >= firm.people.hired_on[met.mentee]).all()


@pytest.mark.parametrize("scenario", EVERY)
def test_realised_and_expected_truth_agree_roughly(scenario: str) -> None:
    """In one draw they differ by the chance in take-up and exits alone."""
    for e in estimands(company(scenario, 3_000)):
        bound = {"%": 1.5, "percentage points": 4.5, "log points x 100": 0.6}.get(e.unit, 0.6)
        small = 6 if e.n_units < 200 else 1
        assert abs(e.value_realised - e.value_expected) < bound * small, e


def test_nobody_on_notice_is_matched_or_meets() -> None:
    firm = company("notice")
    given = firm.notice_on[firm.matches.mentee]
    assert not np.isnat(firm.notice_on).all()
    assert not (firm.matches.matched_on > given).any()
    met = draw_sessions(firm.streams, firm.people, firm.matches, 0, len(firm))
    assert not (met.held_on > firm.notice_on[met.mentee]).any()
    leads = (firm.exit_on - firm.notice_on)[~np.isnat(firm.notice_on)].astype(int)
    assert leads.max() <= 61
    assert np.median(leads) > 30


def test_late_entries_hide_some_of_the_last_exits() -> None:
    default, late = company(), company("late_entries")
    ids = demo_tables.person_ids(default)
    open_ended = [
        demo_tables.workers(firm, ids, 0).column("termination_date").null_count
        for firm in (default, late)
    ]
    missing = open_ended[1] - open_ended[0]
    recent = (default.exit_month >= 45) & (default.exit_month < NEVER)
    assert 0.10 < missing / recent.sum() < 0.45


def test_scenarios_of_the_lottery_break_what_they_name() -> None:
    assert not (company().lottery.mentored & ~company().lottery.won).any()
    crossed = company("crossover", 8_000).lottery
    losers = crossed.applied & ~crossed.won
    assert (crossed.mentored & losers).sum() / losers.sum() == pytest.approx(0.03, abs=0.03)
    broken = company("broken_lottery").lottery
    assert broken.won.sum() > company().lottery.won.sum()
    ability = company().people.ability[broken.person]
    moved = broken.won & ~company().lottery.won
    assert ability[moved].min() > np.median(ability)


def test_an_acquired_entity_and_people_who_come_back() -> None:
    firm = company(size=8_000)
    back = firm.people.origin != np.arange(len(firm))
    late = firm.people.hire_month > 12
    assert (back & late).sum() / late.sum() == pytest.approx(0.04, abs=0.01)
    assert (firm.exit_month[firm.people.origin[back]] < 13).all()
    assert (firm.people.ability[back] == firm.people.ability[firm.people.origin[back]]).all()


# --- scales ---------------------------------------------------------------------------------------


def alpha(items: np.ndarray) -> float:
    k = items.shape[1]
    return k / (k - 1) * (1 - items.var(axis=0).sum() / items.sum(axis=1).var())


def test_scales_are_as_reliable_as_published() -> None:
    firm = company(size=8_000)
    survey = block_survey(firm, next(iter(blocks(firm))))
    there = survey.answered[:, 2]
    items = survey.items[there, 2].astype(float)
    items[:, [1, 3]] = 6 - items[:, [1, 3]]  # two items of TIS-6 are worded the other way round
    assert alpha(items[:, :6]) == pytest.approx(0.80, abs=0.02)
    assert alpha(items[:, 6:9]) == pytest.approx(0.87, abs=0.02)
    assert alpha(items[:, 9:15]) == pytest.approx(0.80, abs=0.02)
    assert alpha(items[:, 15:24]) == pytest.approx(0.91, abs=0.02)
    assert alpha(items[:, 15:18]) == pytest.approx(0.83, abs=0.025)
    # whoever is still there intends to leave less often: the scale was cut for all ever hired
    everybody = survey.items[:, 2].astype(float)
    everybody[:, [1, 3]] = 6 - everybody[:, [1, 3]]
    assert everybody[:, :6].mean() == pytest.approx(2.86, abs=0.06)
    assert everybody[:, :6].mean(axis=1).std() == pytest.approx(0.83, abs=0.03)
    assert survey.answered.sum() / survey.invited.sum() == pytest.approx(0.75, abs=0.04)
    assert survey.informal.mean() == pytest.approx(0.37, abs=0.02)


def test_one_item_is_printed_the_other_way_round_in_the_fifth_wave() -> None:
    firm = company()
    survey = block_survey(firm, next(iter(blocks(firm))))
    for wave, sign in ((3, 1), (4, -1)):
        there = survey.answered[:, wave]
        items = survey.items[there, wave].astype(float)
        assert sign * np.corrcoef(items[:, 0], items[:, 4])[0, 1] > 0.2


def test_ratings_have_the_published_shares() -> None:
    tables = everything(company(size=4_000))
    ratings = tables["rating"].to_pandas()
    five = ratings[(ratings.scale.str.startswith("five")) & (ratings.kind == "yearly")]
    shares = five.rating.value_counts(normalize=True).sort_index()
    np.testing.assert_allclose(shares, [0.03, 0.07, 0.52, 0.30, 0.08], atol=0.04)
    assert set(ratings[ratings.cycle.astype(str) == "2024-12-01"].scale) == {"four points, 1 best"}
