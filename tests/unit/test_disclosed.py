"""Curves and tables of the finished report obey disclosure, and the check sees it if not."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from analysis.exits.results import estimate_exits
from analysis.synthetic.company import draw_company
from reports.build import findings_json, render_html
from tests.disclosed import breaches
from tests.exit_cases import (
    curves,
    differences,
    held_against,
    leaving_report,
    required_of_exits,
    turnover,
)
from tests.synthetic_careers import opt_in_careers

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def made() -> tuple[list[dict[str, Any]], str]:
    case = leaving_report()
    return json.loads(findings_json(case)), render_html(case)


def test_the_report_of_exits_gives_nobody_away(made: tuple[list[dict[str, Any]], str]) -> None:
    findings, html = made
    assert breaches(findings, html) == []
    assert sum(len(c["points"]) for f in findings for c in f["curves"]) > 20


@pytest.mark.parametrize("joined", [11, 27, 64, 150, 331, 977, 983, 2999])
def test_groups_of_any_size_give_nobody_away(joined: int) -> None:
    case = leaving_report(turnover(curves=curves(joined)))
    assert breaches(json.loads(findings_json(case)), render_html(case)) == []


def _first(findings: list[dict[str, Any]]) -> dict[str, Any]:
    return next(c for f in findings for c in f["curves"])


def _few_exits(f: list[dict[str, Any]]) -> None:
    _first(f)["points"][1]["events"] = 9


def _exact_count(f: list[dict[str, Any]]) -> None:
    _first(f)["points"][1]["at_risk"] += 1


def _own_day(f: list[dict[str, Any]]) -> None:
    _first(f)["points"][1]["day"] = 61


def _other_share(f: list[dict[str, Any]]) -> None:
    last = _first(f)["points"][-1]
    last["share"] += 0.002
    last["ci_high"] += 0.002


def _one_arm(f: list[dict[str, Any]]) -> None:
    _first(f).update(status="suppressed", points=[], n_people=None)


def _withheld(f: list[dict[str, Any]]) -> None:
    finding = next(x for x in f if x["curves"])
    head = next(e for e in finding["estimates"] if e["role"] == "headline")
    head["status"] = "withheld"


def _exact_people(f: list[dict[str, Any]]) -> None:
    next(e for x in f for e in x["estimates"] if e["unit"] == "people")["estimate"] = 20.68


def _alike(f: list[dict[str, Any]]) -> dict[str, Any]:
    return next(b for x in f for b in x["balance"])


def _exact_arm(f: list[dict[str, Any]]) -> None:
    _alike(f)["n_treated"] += 1


def _fine_difference(f: list[dict[str, Any]]) -> None:
    _alike(f)["rows"][0]["before"] = 0.1234


def _one_weight(f: list[dict[str, Any]]) -> None:
    _alike(f)["weights"]["largest"] = 0.02


def _small_arm(f: list[dict[str, Any]]) -> None:
    _alike(f)["status"] = "suppressed"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_exact_arm, "balance: an exact count"),
        (_fine_difference, "fine enough to count"),
        (_one_weight, "the weight of one person"),
        (_small_arm, "balance of a group not shown"),
        (_few_exits, "a step of fewer than 10 exits"),
        (_exact_count, "people followed are not rounded"),
        (_own_day, "the end of no month"),
        (_other_share, "shares contradict the released difference"),
        (_one_arm, "one arm is shown without the other"),
        (_withheld, "a curve shows what the headline may not"),
        (_exact_people, "people are whole"),
    ],
)
def test_the_reader_sees_what_findings_give_away(
    made: tuple[list[dict[str, Any]], str],
    spoil: Callable[[list[dict[str, Any]]], None],
    said: str,
) -> None:
    findings, html = copy.deepcopy(made[0]), made[1]
    spoil(findings)
    assert any(said in line for line in breaches(findings, html)), breaches(findings, html)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<td>981</td>", "<td>980</td>", "the table shows 980 under Followed"),
        ("<td>21</td>", "<td>9</td>", "the table shows 9 under Exits since"),
        ('"text": "981"', '"text": "979"', "the chart shows 979 people"),
        ('"x": [0, 60,', '"x": [0, 59,', "a chart draws a step that was not released"),
    ],
)
def test_the_reader_sees_what_the_page_gives_away(
    made: tuple[list[dict[str, Any]], str], old: str, new: str, said: str
) -> None:
    findings, html = made
    assert old in html
    assert any(said in line for line in breaches(findings, html.replace(old, new, 1)))


def test_shares_differ_by_the_released_difference_on_every_day_with_one() -> None:
    """Shares are up to three exits off, each arm for itself: alone they would contradict it."""
    case = leaving_report(turnover(curves=curves(331)))
    findings = json.loads(findings_json(case))
    assert not [line for line in breaches(findings, render_html(case)) if "contradict" in line]
    (release,) = case.releases
    last = {
        (c.exit_kind, c.arm): c.points[-1].share
        for c in release.curves
        if c.name == "standardised_incidence" and c.points
    }
    gap = last["voluntary", "mentored"] - last["voluntary", "not_yet_mentored"]
    assert gap == pytest.approx(release.headline.estimate, abs=1e-12)


def test_estimates_of_the_case_are_about_the_curves_of_the_case() -> None:
    """The case is of one piece: exact shares differ by the exact estimates."""
    exact = {
        (c.name, c.exit_kind, c.arm): c.points[-1].share
        for c in curves()
    }  # fmt: skip
    head = differences()[0]
    key = ("standardised_incidence", "voluntary")
    assert exact[*key, "mentored"] - exact[*key, "not_yet_mentored"] == pytest.approx(head.estimate)
    assert any(e.target.role == "naive" for e in held_against())


@pytest.mark.parametrize(("seed", "shown"), [(1001, True), (1002, False)])
def test_the_answer_of_a_drawn_company_gives_nobody_away(seed: int, shown: bool) -> None:
    """Sequential trials count an exit once a trial, so exits can be more than people.

    The second company has too few exits a parameter, and its answer is withheld.
    """
    careers = opt_in_careers(draw_company("default", size=1_500, seed=seed))
    results, found, checks = estimate_exits(careers, turnover().spec)
    known = {c.name for c in checks}
    rest = (d for d in required_of_exits("opt_in") if d.name not in known)
    case = leaving_report(turnover(estimates=results, curves=found, diagnostics=(*checks, *rest)))
    assert breaches(json.loads(findings_json(case)), render_html(case)) == []
    (release,) = case.releases
    assert (release.headline.status == "released") == shown
    own = [c for c in release.curves if c.exit_kind == "voluntary"]
    assert [c.points[-1].day for c in own] == ([365, 365] if shown else [])
    shares = [c.points[-1].share for c in own]
    if shown:
        assert shares[0] - shares[1] == pytest.approx(release.headline.estimate, abs=1e-12)
