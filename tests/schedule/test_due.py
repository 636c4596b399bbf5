"""When files are due, and what a source is said to be: small calendars in, words out."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.ingest.freshness import freshness
from pipelines.timetable import Schedule, due
from reports.wording.deliveries import warnings


def on(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("rule", "day", "passed"),
    [
        ("monthly by day 5", "2026-03-05", "2026-02-05"),  # on the day itself it may still come
        ("monthly by day 5", "2026-03-06", "2026-03-05"),
        ("monthly by day 5", "2026-01-01", "2025-12-05"),
        ("monthly by day 31", "2026-03-01", "2026-02-28"),  # the last day of a shorter month
        ("monthly by day 31", "2024-03-01", "2024-02-29"),
        ("monthly by day 31", "2026-03-31", "2026-02-28"),
        ("quarterly by day 10", "2026-03-31", "2026-01-10"),
        ("quarterly by day 10", "2026-04-10", "2026-01-10"),
        ("quarterly by day 10", "2026-04-11", "2026-04-10"),
        ("weekly by monday", "2026-03-02", "2026-02-23"),
        ("weekly by monday", "2026-03-03", "2026-03-02"),
        ("weekly by sunday", "2026-03-02", "2026-03-01"),
        ("Weekly  by Sunday", "2026-03-01", "2026-02-22"),
    ],
)
def test_the_last_day_due_before_a_day(rule: str, day: str, passed: str) -> None:
    assert due(rule).passed(on(day)) == on(passed)


@pytest.mark.parametrize("rule", ["monthly", "monthly by day 32", "weekly by day 1", "daily", "x"])
def test_other_words_are_refused_with_those_that_are_understood(rule: str) -> None:
    with pytest.raises(ValueError, match="monthly by day 5"):
        due(rule)


def said(expected: str, given: list[str], passed: str | None) -> dict[str, Any]:
    """What is said of a source with files of these dates."""
    source: Any = SimpleNamespace(name="sales", expected=expected)
    files: Any = [
        SimpleNamespace(
            source="sales", delivered_on=on(day), delivered=SimpleNamespace(correction=False)
        )
        for day in given
    ]
    (row,) = freshness([source], files, {"sales": on(passed)} if passed else {})
    return row.as_dict()


@pytest.mark.parametrize(
    ("given", "state", "late", "missed"),
    [
        (["2026-02-04", "2026-03-05"], "on time", None, []),
        (["2026-02-04", "2026-03-08"], "late", 3, []),
        (["2026-02-04", "2026-03-08", "2026-03-04"], "on time", None, []),
        (["2026-02-04"], "missing", None, []),
        (["2025-11-30", "2026-02-04"], "missing", None, ["2025-12-05", "2026-01-05"]),
        (["2026-04-01"], "not due yet", None, []),  # nothing is due before the first file
        ([], "missing", None, []),
    ],
)
def test_the_state_of_a_source_on_the_day_after_it_was_due(
    given: list[str], state: str, late: int | None, missed: list[str]
) -> None:
    row = said("monthly by day 5", given, "2026-03-05")
    assert (row["state"], row["days_late"], row["missed"]) == (state, late, missed)
    assert row["last_delivery"] == max(given, default=None)


def test_a_source_that_says_nothing_has_its_last_delivery_and_no_state_to_object_to() -> None:
    row = said("", ["2026-02-04"], None)
    assert row["state"] == "not declared" and row["due_on"] is None
    assert row["last_delivery"] == "2026-02-04" and warnings([row]) == []


def test_a_correction_is_no_delivery() -> None:
    source: Any = SimpleNamespace(name="sales", expected="monthly by day 5")
    file: Any = SimpleNamespace(
        source="sales",
        delivered_on=on("2026-03-02"),
        delivered=SimpleNamespace(correction=True),
    )
    (row,) = freshness([source], [file], {"sales": on("2026-03-05")})
    assert row.state == "missing" and row.last_delivery is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["2026-02-04", "2026-03-06"], "sales: due 5 Mar 2026, came 1 day late"),
        (
            ["2026-02-04"],
            "sales: due 5 Mar 2026, not there; what comes from it is as of 4 Feb 2026",
        ),
        ([], "sales: due 5 Mar 2026, not there; nothing of it was read"),
        (
            ["2026-01-03", "2026-03-01"],
            "sales: due 5 Mar 2026, on time; never came: due 5 Feb 2026",
        ),
    ],
)
def test_what_is_late_or_missing_is_said_in_one_line(given: list[str], expected: str) -> None:
    (line,) = warnings([said("monthly by day 5", given, "2026-03-05")])
    assert line.replace("\u00a0", " ") == expected


def test_of_many_missed_days_the_last_are_named() -> None:
    row = said("monthly by day 5", ["2025-01-03"], "2026-03-05")
    (line,) = warnings([row])
    assert len(row["missed"]) == 12 + 1  # February of one year to February of the next
    assert line.replace("\u00a0", " ").endswith(
        "due 5 Sep 2025, 5 Oct 2025, 5 Nov 2025, 5 Dec 2025, 5 Jan 2026, 5 Feb 2026 and 7 before"
    )


def test_a_schedule_says_times_as_crontab_does_and_a_zone_that_there_is() -> None:
    assert Schedule(cron="0 6 6 * *", timezone="Europe/Berlin", studies={"a": "0 6 1 */3 *"}).cron
    with pytest.raises(ValueError, match="five fields"):
        Schedule(cron="monthly")
    with pytest.raises(ValueError, match="five fields"):
        Schedule(studies={"a": "0 6"})
    with pytest.raises(ValueError, match="no time zone"):
        Schedule(timezone="Europe/Nowhere")
