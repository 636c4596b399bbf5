"""What a study of exits reports: names, signs, units, reasons, checks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from analysis.curve import Curve
from analysis.diagnostics import Diagnostic
from analysis.estimate import Estimate, NotEstimable, Result
from analysis.exits.careers import NEVER, Careers
from analysis.exits.results import estimate_exits
from analysis.finding import REQUIRED_OF_EXITS
from analysis.study import StudySpec, parse_study
from analysis.synthetic.company import Company, draw_company
from tests.synthetic_careers import lottery_careers, opt_in_careers, roll_out_careers

Answer = tuple[tuple[Result, ...], tuple[Curve, ...], tuple[Diagnostic, ...]]


def spec(design: str = "opt_in", metric: str = "voluntary", **more: object) -> StudySpec:
    return parse_study(
        {
            "study": "exits",
            "question": "Do people with a mentor leave less?",
            "as_of": "2025-12-31",
            "programme": "P",
            "design": design,
            "time_zero": "assigned_on" if design == "randomised" else "invited_on",
            "arms": {"treated": "with", "comparison": "without"},
            "outcome": {"kind": "exit", "metric": metric},
            "follow_up": {"months": 12, "primary": [1, 12], "windows": [[1, 3], [1, 6]]},
            **more,
        }
    )


@cache
def company() -> Company:
    return draw_company("default", size=2_000, seed=11)


@cache
def opt_in(metric: str = "voluntary") -> Answer:
    return estimate_exits(opt_in_careers(company()), spec(metric=metric))


@cache
def lottery() -> Answer:
    return estimate_exits(lottery_careers(company()), spec("randomised"))


def named(answer: Answer, name: str) -> Estimate:
    found = next(r for r in answer[0] if r.target.name == name)
    assert isinstance(found, Estimate), found
    return found


def test_the_headline_comes_first_and_alone() -> None:
    results = opt_in()[0]
    assert [r.target.role for r in results].count("headline") == 1
    assert results[0].target.name == "primary"
    assert results[0].target.role == "headline"
    assert [(r.target.name, r.target.unit) for r in results] == [
        ("primary", "share"), ("window", "share"), ("window", "share"),
        ("involuntary", "share"), ("any", "share"), ("rmst", "days"), ("time_lost", "days"),
        ("exits_avoided", "people"), ("hazard_ratio", "ratio"), ("logit", "share"),
        ("landmark", "share"), ("naive", "share"), ("naive_hazard_ratio", "ratio"),
    ]  # fmt: skip
    assert [r.target.window for r in results[:3]] == [(1, 12), (1, 3), (1, 6)]
    assert {r.target.role for r in results if r.target.name.startswith("naive")} == {"naive"}


def test_an_assigned_arm_has_the_difference_as_seen_beside_it() -> None:
    names = [r.target.name for r in lottery()[0]]
    assert "landmark" not in names
    assert names.count("unadjusted") == 3
    seen, head = named(lottery(), "unadjusted"), named(lottery(), "primary")
    assert head.target.estimand == "intention to treat"
    assert head.n_both == 0
    # few exits: the model has months and the arm alone, and says what is seen
    assert head.estimate == pytest.approx(seen.estimate, abs=0.004)
    assert head.std_error == pytest.approx(seen.std_error, rel=0.05)


def test_fewer_exits_are_people_kept_and_days_won() -> None:
    for answer in (opt_in(), lottery()):
        head, people = named(answer, "primary"), named(answer, "exits_avoided")
        assert people.estimate == pytest.approx(-head.estimate * head.n_treated)
        assert people.p_value == pytest.approx(head.p_value)
        lost = named(answer, "time_lost").estimate
        assert np.sign(lost) == np.sign(head.estimate)
        assert abs(lost) < 365 * abs(head.estimate)


def test_any_exit_is_the_sum_of_its_kinds() -> None:
    found = named(opt_in("any"), "primary")
    assert found.estimate == pytest.approx(named(opt_in(), "any").estimate, abs=2e-3)
    names = [r.target.name for r in opt_in("any")[0]]
    assert {"voluntary", "involuntary"} <= set(names)
    assert "any" not in names


def test_curves_rise_and_people_become_fewer() -> None:
    found = opt_in()[1]
    assert [(c.exit_kind, c.arm) for c in found] == [
        (kind, arm) for kind in ("voluntary", "involuntary", "any") for arm in ("with", "without")
    ]
    for curve in found:
        assert [p.day for p in curve.points] == [0, *range(30, 331, 30), 365]
        assert (np.diff([p.share for p in curve.points]) > 0).all()
        assert (np.diff([p.at_risk for p in curve.points]) <= 0).all()
        assert all(p.ci_low <= p.share <= p.ci_high for p in curve.points)
        assert curve.n_people >= curve.points[0].at_risk


@pytest.mark.parametrize("design", ["opt_in", "randomised"])
def test_every_check_of_the_models_is_there(design: str) -> None:
    answer = opt_in() if design == "opt_in" else lottery()
    found = {d.name for d in answer[2]}
    elsewhere = {"sample_ratio", "balance", "roster"}  # of the draw, made with its people
    assert REQUIRED_OF_EXITS[design] - elsewhere <= found
    assert all(d.remedy for d in answer[2] if d.status in ("warn", "fail"))


def test_no_check_looks_at_the_effect() -> None:
    """Who left among the treated and the others changes places; verdicts on people stay."""
    gated = ("comparability", "adjusted_balance", "effective_sample_size", "start_weights")
    careers = opt_in_careers(company())
    shuffled = np.random.default_rng(1).permutation(len(careers))
    late = replace(careers, kind=np.where(careers.kind > 0, careers.kind[shuffled].clip(1), 0))
    one, other = opt_in()[2], estimate_exits(late, spec())[2]
    for name in gated:
        values = [next(d for d in found if d.name == name).value for found in (one, other)]
        assert values[0] == pytest.approx(values[1])


def nobody_starts() -> Careers:
    careers = opt_in_careers(company())
    return replace(careers, start=np.full(len(careers), NEVER))


def test_where_nobody_starts_every_figure_says_so() -> None:
    results, curves, checks = estimate_exits(nobody_starts(), spec())
    assert curves == ()
    assert all(isinstance(r, NotEstimable) for r in results)
    assert "nobody was seen to start" in results[0].reason  # type: ignore[union-attr]
    assert {d.name for d in checks if d.status == "fail"} == {"events_per_parameter"}
    beside = next(d for d in checks if d.name == "adjusted_balance")
    assert (beside.status, beside.remedy) == ("note", "")


def test_few_sites_have_their_own_degrees_of_freedom() -> None:
    """Twenty sites that start at three months or never."""
    results, *_ = estimate_exits(roll_out_careers(company()), spec(cluster="site"))
    head = results[0]
    assert isinstance(head, Estimate)
    assert head.t_df == 20 - 4
    assert "G / (G − cohorts)" in head.convention
    assert head.n_both > 0


def test_months_of_notice_are_those_of_the_study() -> None:
    careers = opt_in_careers(company())
    later = estimate_exits(careers, spec(notice_months=2))[0][0]
    assert isinstance(later, Estimate)
    assert later.n_treated < named(opt_in(), "primary").n_treated


def test_nothing_is_said_of_months_in_which_nobody_is_followed() -> None:
    """Four years of records: the model would go on for ever, the people do not."""
    longer = spec(follow_up={"months": 60, "primary": [1, 12], "windows": [[1, 60]]})
    results, curves, _ = estimate_exits(opt_in_careers(company()), longer)
    head, late = results[:2]
    assert isinstance(head, Estimate)
    assert isinstance(late, NotEstimable)
    assert "followed to the end of the window" in late.reason
    assert all(p.at_risk > 0 for c in curves for p in c.points)
    alone = spec(follow_up={"months": 60, "primary": [1, 60]})
    found = {r.target.name: r for r in estimate_exits(opt_in_careers(company()), alone)[0]}
    shares = ("primary", "any", "rmst", "time_lost", "exits_avoided", "logit", "landmark")
    assert all(isinstance(found[name], NotEstimable) for name in shares)


def test_one_site_says_that_it_is_one() -> None:
    careers = opt_in_careers(company())
    one = replace(careers, cluster=np.zeros(len(careers), dtype=np.int64))
    head = estimate_exits(one, spec(cluster="site"))[0][0]
    assert isinstance(head, NotEstimable)
    assert "clusters" in head.reason


def test_differences_know_how_many_left_and_those_as_seen_what_they_count() -> None:
    """The smaller arm's leavers by the end of the window; the curves count the same people."""
    for answer, name in ((opt_in(), "naive"), (lottery(), "unadjusted")):
        seen = named(answer, name)
        (left, of), (others, of_others) = seen.counted
        assert left / of - others / of_others == pytest.approx(seen.estimate)
        assert seen.n_smallest == min(left, others, of - left, of_others - others) // 1
    head = named(opt_in(), "primary")
    treated, compared = opt_in()[1][:2]
    assert head.counted == ()
    assert head.n_smallest == min(sum(p.events for p in treated.points), head.n_smallest or 0)
    assert sum(p.events for p in compared.points) >= (head.n_smallest or 0)


def test_negative_controls_of_all_arms_are_one_family() -> None:
    careers = lottery_careers(company())
    arm = np.where((careers.arm == 1) & (careers.person % 2 == 0), 2, careers.arm)
    arms = {"treated": ["with", "other"], "comparison": "without"}
    checks = estimate_exits(replace(careers, arm=arm), spec("randomised", arms=arms))[2]
    limits = [d.threshold for d in checks if d.name == "negative_controls"]
    assert len(limits) == 2
    assert all("over 2 arms" in limit for limit in limits)
