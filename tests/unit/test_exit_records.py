"""How late exits become known, where the follow-up ends for it, and what the checks say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.diagnostics.exit_records import exit_records, notice_days, restatement_lag
from analysis.diagnostics.thresholds import DEFAULT
from analysis.exits.careers import NEVER, Careers
from analysis.exits.records import Records, delays, known_by, read_records, to_days
from analysis.study import parse_study

SPEC = parse_study(
    {
        "study": "s",
        "question": "q?",
        "as_of": "2025-12-31",
        "programme": "P",
        "design": "opt_in",
        "time_zero": "invited_on",
        "arms": {"treated": "mentored", "comparison": "not_yet_mentored"},
        "outcome": {"kind": "exit", "metric": "voluntary"},
        "follow_up": {"months": 3, "primary": [1, 3]},
    }
)


def dates(*texts: str | None) -> pd.Series:
    return pd.to_datetime(pd.Series(list(texts)))


def test_a_delay_counts_from_the_first_delivery_that_could_tell() -> None:
    """Deliveries on days 100, 130, 160. The exit of day 90 lies before all of them; the one of day
    115 was told at once, that of day 130 a month late; the exit inferred for day 130 could only be
    told on day 160; the announced one was known before it happened.
    """
    exits = np.array([90, 115, 130, 130, 150])
    known_on = np.array([100, 130, 160, 160, 130])
    inferred = np.array([False, False, False, True, False])
    lags, limits = delays(exits, known_on, inferred, np.array([100, 130, 160]))
    assert lags.tolist() == [0, 30, 0, 0]
    assert limits.tolist() == [30, 30, 0, 0]


def test_late_exits_that_cannot_be_known_yet_are_allowed_for() -> None:
    """Of 100 exits each, 80 are known at once, 20 a month later; those of the last delivery could
    only be known at once. Counting what is known says 180 of 200 at once; in truth 80 of 100.
    """
    lags = np.repeat([0, 30, 0], [80, 20, 80])
    limits = np.repeat([30, 30, 0], [80, 20, 80])
    assert known_by(lags, limits, 0) == pytest.approx(0.8)
    assert known_by(lags, limits, 30) == 1.0
    few = slice(70, 90)  # ten late exits: fewer than twenty exits tell of the delay with them
    assert known_by(lags[few][5:], limits[few][5:], 0) == 1.0


def _monthly(late: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Exits on the 10th of each month of 2025, 50 each, a share of which is told a month late."""
    months = pd.date_range("2025-01-31", "2025-12-31", freq="ME")
    rows = []
    for place, month in enumerate(months):
        told_late = int(50 * late)
        for number in range(50):
            known = place + (number < told_late)
            if known < len(months):
                rows.append((month - pd.Timedelta(days=20), months[known]))
    exits, known_on = zip(*rows, strict=True)
    spells = pd.DataFrame(
        {
            "hired_on": pd.Timestamp("2020-01-01"),
            "exited_on": exits,
            "exit_known_on": known_on,
            "exit_inferred": False,
        }
    )
    return spells, pd.DataFrame({"delivered_on": months})


@pytest.mark.parametrize(
    ("late", "end", "at_once"), [(0.0, "2025-12-31", 1.0), (0.2, "2025-11-30", 0.8)]
)
def test_the_follow_up_ends_where_nearly_all_exits_are_known(
    late: float, end: str, at_once: float
) -> None:
    records = read_records(SPEC, *_monthly(late))
    assert records.end == to_days(dates(end))[0]
    assert records.begin == to_days(dates("2025-01-11"))[0]
    assert records.known is not None
    assert records.known[0] == pytest.approx(at_once)
    assert restatement_lag(records, DEFAULT).status == "pass"


@pytest.mark.parametrize(("lately", "fewer"), [(2, False), (1, True)])
def test_with_one_delivery_the_last_two_months_are_compared_with_the_year_before(
    lately: int, fewer: bool
) -> None:
    """Two people leave every day; where half of the last two months' exits are missing, the
    follow-up ends before them.
    """
    each = pd.date_range("2024-08-01", "2025-12-31", freq="D")
    exits = [d for d in each for _ in range(lately if d > pd.Timestamp("2025-10-31") else 2)]
    spells = pd.DataFrame(
        {
            "hired_on": pd.Timestamp("2020-01-01"),
            "exited_on": exits + [None] * 2000,
            "exit_known_on": pd.Timestamp("2025-12-31"),
            "exit_inferred": False,
        }
    )
    records = read_records(SPEC, spells, pd.DataFrame({"delivered_on": dates("2025-12-31")}))
    last = to_days(dates("2025-12-31"))[0]
    assert records.fewer is fewer
    assert records.end == last - 61 * fewer
    assert restatement_lag(records, DEFAULT).status == ("warn" if fewer else "note")


@pytest.mark.parametrize(("lately", "fewer"), [(2, False), (1, True)])
def test_months_in_which_few_leave_every_year_do_not_warn(lately: int, fewer: bool) -> None:
    """Four people leave every day, in November and December of each year two: fewer than in the
    year before, as many as in earlier seasons. With one there are fewer than in these too.
    """
    exits = []
    for day in pd.date_range("2022-01-01", "2025-12-31", freq="D"):
        usual = 2 if day.month > 10 else 4
        exits += [day] * (lately if day > pd.Timestamp("2025-10-31") else usual)
    spells = pd.DataFrame(
        {
            "hired_on": pd.Timestamp("2020-01-01"),
            "exited_on": exits + [None] * 9000,
            "exit_known_on": pd.Timestamp("2025-12-31"),
            "exit_inferred": False,
        }
    )
    delivered = pd.DataFrame({"delivered_on": dates("2025-12-31")})
    assert read_records(SPEC, spells, delivered).fewer is fewer
    # without the earlier seasons the year before alone is looked at, and both warn
    since = spells["exited_on"].isna() | (spells["exited_on"] > pd.Timestamp("2024-12-01"))
    assert read_records(SPEC, spells[since], delivered).fewer


def test_exits_that_are_late_for_more_than_two_months_warn() -> None:
    records = Records(begin=0, end=100, delivered=200, known=(0.5, 0.9), fewer=False)
    found = restatement_lag(records, DEFAULT)
    assert found.status == "warn"
    assert "90.0 % within two months" in found.display


def _careers(kinds: list[int], undated: list[bool]) -> Careers:
    n = len(kinds)
    never = np.full(n, NEVER)
    return Careers(
        person=np.arange(n),
        cluster=np.arange(n),
        hired=np.zeros(n, np.int64),
        zero=never,
        arm=np.full(n, -1),
        start=never,
        exit=never,
        kind=np.array(kinds),
        notice=never,
        end=np.full(n, 100),
        eligible=np.ones((n, 1), bool),
        first_month=0,
        undated=np.array(undated),
    )


@pytest.mark.parametrize(
    ("undated", "unknown", "status"), [(0, 0, "pass"), (12, 6, "warn"), (31, 21, "fail")]
)
def test_shares_of_exits_without_a_day_or_a_kind(undated: int, unknown: int, status: str) -> None:
    kinds = [0] * 50 + [6] * unknown + [1] * (100 - unknown)
    careers = _careers(kinds, [False] * 50 + [True] * undated + [False] * (100 - undated))
    records = Records(begin=0, end=100, delivered=100, known=None, fewer=False)
    dated, known, _ = exit_records(careers, records, DEFAULT)
    assert (dated.name, dated.status, dated.value) == ("exit_dates", status, undated / 100)
    assert (known.name, known.status, known.value) == ("exit_kinds", status, unknown / 100)


@pytest.mark.parametrize(
    ("more", "silent", "status"),
    [({}, 10, "pass"), ({}, 11, "fail"), ({"notice_months": 0}, 100, "note"),
     ({"notice_months": 2}, 100, "note")],
)  # fmt: skip
def test_resignations_without_a_day_of_notice_ask_for_the_months(
    more: dict[str, int], silent: int, status: str
) -> None:
    careers = _careers([0] * 50 + [1] * 100 + [2] * 30, [False] * 180)
    careers = replace(careers, notice=np.where(np.arange(180) < 150 - silent, 50, NEVER))
    asked = {**SPEC.model_dump(exclude_unset=True), **more}
    (found,) = notice_days(careers, parse_study(asked))
    assert (found.name, found.status, found.value) == ("notice_days", status, silent / 100)
    assert ("notice_months" in found.remedy) == (status == "fail")
