"""Titles of charts say what the numbers are, whether they can be told from none, and whence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports.shown import Shown
from reports.wording import findings
from tests.exit_cases import intention, turnover
from tests.report_cases import company_report, lottery, public_report, released
from tests.unit.test_report_wording import made

AS_KNOWN = "2025-12-31"


def _figures(value: float, low: float, high: float) -> Shown:
    return Shown(
        value=value, low=low, high=high, std_error=1.0, places=1, unit="%", unit_long="%",
    )  # fmt: skip


def test_sources_say_what_data_as_known_when_and_of_how_many() -> None:
    (release,) = released(lottery())
    assert findings.source(release, AS_KNOWN) == (
        "Source: HR and programme records as known at 31\xa0Dec\xa02025; "
        "300 people in the answer; own calculation."
    )
    assert "published data" in findings.source(public_report().releases[0], AS_KNOWN)
    (answers,) = released(intention())
    assert "survey answers" in findings.source(answers, AS_KNOWN)


def test_a_source_names_no_people_where_no_answer_is_shown() -> None:
    withheld = next(r for r in company_report().releases if r.grade == "Withheld")
    assert "people" not in findings.source(withheld, AS_KNOWN)


@pytest.mark.parametrize(
    ("design", "said"),
    [
        ("randomised", "a draw made the groups mentee and control"),
        ("opt_in", "mentee against control, made alike in what was recorded before"),
        ("rollout", "sites that started against sites that had not yet"),
        ("descriptive", "mentee against control, as they are"),
    ],
)
def test_the_flow_says_what_made_the_groups(design: str, said: str) -> None:
    assert findings.compared(made(6.1, 1.9, design=design)) == said


def test_drawn_starts_and_followed_starters_are_named() -> None:
    assert "a draw decided" in findings.compared(made(6.1, 1.9, design="rollout", drawn=True))
    (exits,) = released(turnover())
    assert "followed from the same day" in findings.compared(exits)


def test_a_figure_that_holds_no_effect_says_so() -> None:
    assert findings.told("calls", _figures(2.0, 1.0, 3.0)) == "calls: +2.0\u202f% (1.0 to 3.0)"
    assert findings.told("calls", _figures(2.0, -1.0, 5.0)) == (
        "calls: +2.0\u202f% (−1.0 to 5.0); the data cannot tell this from no effect"
    )


def test_an_association_is_never_an_effect() -> None:
    went = findings.association("meetings", "calls", _figures(2.0, 1.0, 3.0))
    assert went == "calls went with meetings, which is no effect: +2.0\u202f% (1.0 to 3.0)"
    open_ = findings.association("meetings", "calls", _figures(2.0, -1.0, 5.0))
    assert open_.startswith("the data cannot tell whether calls goes with meetings")


def test_other_estimates_are_held_against_the_headline() -> None:
    head = made(6.1, 1.9).headline
    others = [replace(head, name=str(v), estimate=v) for v in (2.0, 7.0)]
    assert findings.other_estimates(head, others) == (
        "2 other estimates run from +2.0 to +7.0\u202f%; the headline is +6.1\u202f%"
    )
    assert findings.other_estimates(head, others[:1]).startswith("one other estimate is +2.0")
    assert findings.other_estimates(head, []).startswith("no other estimate can be shown")


def test_single_months_are_counted_before_and_after_the_start() -> None:
    months = [
        (-2, _figures(0.5, -1.0, 2.0)),
        (-1, _figures(3.0, 1.0, 5.0)),
        (0, _figures(2.0, 1.0, 3.0)),
        (1, _figures(1.0, -1.0, 3.0)),
        (2, _figures(4.0, 2.0, 6.0)),
    ]
    assert findings.course("", months, 1, "%", together=True) == (
        "single months after the start run from +1.0 to +4.0\u202f%; 2 of 3 can be told from no "
        "effect; before it 1 of 2, where nothing should be seen"
    )
    assert findings.course("mentee", months[2:], 1, "%", together=False) == (
        "single months of mentee run from +1.0 to +4.0\u202f%; 2 of 3 can be told from no effect, "
        "each month by itself"
    )


def test_checks_are_counted() -> None:
    assert findings.checked(["pass", "warn", "pass"]) == "3 checks: none failed, 1 warned"
    assert findings.checked([]) == "no check was run"
