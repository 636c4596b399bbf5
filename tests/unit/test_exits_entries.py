"""Who is in which trial, in which arm, until when: small tables of careers."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.exits.calendar import calendar_month, end_of_month, first_day, month_of_day
from analysis.exits.careers import KINDS, NEVER, Careers, Covariate
from analysis.exits.columns import baseline_of
from analysis.exits.entries import Entries, assigned, ever, landmark, sequential
from analysis.exits.start_weights import StartWeights, start_weights

FIRST = 12 * 2023  # January 2023
MONTHS = 12


def day(text: str | None) -> int:
    return NEVER if text is None else int(np.datetime64(text, "D").astype(int))


def careers(*people: dict[str, object], **more: object) -> Careers:
    """One spell each; dates as text, ``eligible`` as months (from 0) in which one could start."""

    def days(name: str, usual: str | None) -> np.ndarray:
        return np.array([day(p.get(name, usual)) for p in people], dtype=np.int64)

    n = len(people)
    eligible = np.zeros((n, MONTHS), dtype=bool)
    for row, person in enumerate(people):
        eligible[row, list(person.get("eligible", range(MONTHS)))] = True
    parts = {
        "person": np.arange(n),
        "cluster": np.arange(n),
        "hired": days("hired", "2020-01-01"),
        "zero": days("zero", "2023-01-01"),
        "arm": np.array([p.get("arm", -1) for p in people], dtype=np.int64),
        "start": days("start", None),
        "exit": days("exit", None),
        "kind": np.array([KINDS.index(str(p.get("kind", ""))) for p in people], dtype=np.int64),
        "notice": days("notice", None),
        "end": days("end", "2023-12-31"),
        "eligible": eligible,
        "first_month": FIRST,
        "undated": np.zeros(n, dtype=bool),
        **more,
    }
    return Careers(**parts)


def table(entries: Entries) -> dict[tuple[int, int], tuple[bool, int, str, bool]]:
    """(person, trial month from 0): treated, months at risk, exit, censored by starting."""
    return {
        (int(r), int(c)): (bool(t), int(n), KINDS[k], bool(s))
        for r, c, t, n, k, s in zip(
            entries.row, entries.column, entries.treated, entries.last, entries.kind,
            entries.started, strict=True,
        )
    }  # fmt: skip


STARTS_IN_JANUARY = {"start": "2023-01-20"}
STARTS_IN_FEBRUARY = {"start": "2023-02-10", "exit": "2023-06-15", "kind": "voluntary"}
NEVER_STARTS: dict[str, object] = {}


def test_a_start_counts_from_the_first_of_the_next_month() -> None:
    found = table(sequential(careers(STARTS_IN_FEBRUARY, NEVER_STARTS), 12))
    assert found == {
        (0, 1): (True, 4, "voluntary", False),  # March to June
        (1, 1): (False, 10, "", False),  # March to December
    }


def test_comparators_are_censored_when_they_start_and_begin_a_trial_of_their_own() -> None:
    later = {"start": "2023-04-20", "exit": "2023-06-30", "kind": "involuntary"}
    found = table(sequential(careers(STARTS_IN_FEBRUARY, later), 12))
    assert found[1, 1] == (False, 2, "", True)  # March, April
    assert found[1, 3] == (True, 2, "involuntary", False)  # May, June
    assert (0, 3) not in found  # started before


def test_who_starts_and_leaves_in_one_month_left_without_having_started() -> None:
    gone = {"start": "2023-02-03", "exit": "2023-02-25", "kind": "voluntary"}
    found = table(sequential(careers(STARTS_IN_JANUARY, STARTS_IN_FEBRUARY, gone), 12))
    assert found[2, 0] == (False, 1, "voluntary", False)
    assert (2, 1) not in found


def test_voluntary_exits_count_on_the_day_of_notice_and_nobody_on_notice_enters() -> None:
    notice = {"notice": "2023-02-20", "exit": "2023-04-15", "kind": "voluntary"}
    dismissed = {"notice": "2023-02-20", "exit": "2023-04-15", "kind": "involuntary"}
    not_yet_gone = {"notice": "2023-12-20"}
    found = table(
        sequential(
            careers(STARTS_IN_JANUARY, STARTS_IN_FEBRUARY, notice, dismissed, not_yet_gone), 12
        )
    )
    assert found[2, 0] == (False, 1, "voluntary", False)
    assert (2, 1) not in found
    assert found[3, 1] == (False, 2, "involuntary", False)
    assert found[4, 0] == (False, 11, "voluntary", False)


@pytest.mark.parametrize(
    ("person", "inside"),
    [
        ({"hired": "2023-02-28"}, True),
        ({"hired": "2023-03-01"}, False),  # not employed before time zero
        ({"exit": "2023-02-28", "kind": "voluntary"}, False),
        ({"exit": "2023-03-01", "kind": "voluntary"}, True),
        ({"eligible": [0, 2]}, False),
        ({"start": "2023-01-31"}, False),
        ({"end": "2023-03-30"}, False),  # no month followed to its end
        ({"zero": "2022-01-31"}, False),
        ({"zero": "2022-02-01"}, True),
    ],
)
def test_who_is_eligible_for_the_trial_of_february(person: dict[str, object], inside: bool) -> None:
    found = table(sequential(careers(STARTS_IN_FEBRUARY, person), 12, within=12))
    assert ((1, 1) in found) is inside


def test_months_of_notice_are_taken_from_both_arms_alike() -> None:
    """Follow-up, and day 0, begin two months later: on the first of May."""
    starts = {"start": "2023-02-10", "exit": "2023-04-15", "kind": "voluntary"}
    leaves = {"exit": "2023-03-15", "kind": "voluntary"}
    found = sequential(
        careers(starts, leaves, {**STARTS_IN_FEBRUARY, "exit": "2023-05-02"}, NEVER_STARTS),
        12, notice_months=2,
    )  # fmt: skip
    assert table(found) == {
        (2, 1): (True, 1, "voluntary", False),
        (3, 1): (False, 8, "", False),
    }
    assert found.ends[0, 0] == 31  # May


def test_where_notice_is_not_recorded_a_start_counts_as_late_in_both_roles() -> None:
    """Comparators who start in March or in May stay until the ends of May and of July."""
    starts = ({"start": f"2023-0{month}-10"} for month in (2, 3, 5))
    found = sequential(careers(*starts), 12, notice_months=2)
    assert table(found) == {
        (0, 1): (True, 8, "", False),
        (1, 1): (False, 1, "", True),
        (2, 1): (False, 3, "", True),
        (1, 2): (True, 7, "", False),
        (2, 2): (False, 2, "", True),
        (2, 4): (True, 5, "", False),
    }


def test_assigned_people_are_followed_in_months_of_thirty_days() -> None:
    people = careers(
        {"arm": 1, "zero": "2023-01-10", "exit": "2023-02-08", "kind": "voluntary"},
        {"arm": 0, "zero": "2023-01-10", "exit": "2023-02-09", "kind": "voluntary"},
        {"arm": 0, "zero": "2023-01-10", "start": "2023-03-01"},
        {"arm": 2, "zero": "2023-01-10"},
        {"arm": 1, "zero": "2023-12-10"},  # not a month seen
    )
    found = assigned(people, 12, 1)
    assert [t[1:3] for t in table(found).values()] == [(1, "voluntary"), (2, "voluntary"), (11, "")]
    assert found.ends[0].tolist() == [end_of_month(k) for k in range(1, 13)]


def test_a_landmark_tells_who_had_started_by_then_and_looks_at_what_comes_after() -> None:
    early = {"start": "2023-02-10"}
    late = {"start": "2023-05-10"}
    gone = {"start": "2023-02-10", "exit": "2023-03-10", "kind": "voluntary"}
    found = landmark(careers(early, late, gone), 3)
    assert [(v[0], v[1]) for v in table(found).values()] == [(True, 3), (False, 3)]


def test_a_landmark_waits_for_notice_that_is_not_recorded() -> None:
    """Told apart on the first of April, followed from the end of May on."""
    early, late = {"start": "2023-03-31"}, {"start": "2023-04-10"}
    gone = {"exit": "2023-05-20", "kind": "voluntary"}
    found = landmark(careers(early, late, gone), 3, notice_months=2)
    assert [(v[0], v[1]) for v in table(found).values()] == [(True, 3), (False, 3)]


def test_ever_started_is_the_naive_comparison() -> None:
    late = {
        "start": "2023-11-10",
        "notice": "2023-11-20",
        "exit": "2023-12-20",
        "kind": "voluntary",
    }
    found = ever(careers(late, NEVER_STARTS), 12)
    assert [v[0] for v in table(found).values()] == [True, False]
    assert found.last.tolist() == [12, 12]  # the day of the exit, not of the notice


def test_weights_of_comparators_by_hand() -> None:
    """In February a half of forty strained comparators starts, and a quarter of forty others."""
    strained = ([0] + [1] * 4 + [0] * 4) * 10
    january, february = "2023-01-05", "2023-02-05"
    starts = [january, february, february, None, None, february, None, None, None] * 10
    codes = np.zeros((90, MONTHS), dtype=np.int16)
    codes[:, 1] = strained
    people = careers(
        *({"start": s} for s in starts),
        covariates=(Covariate(name="strain", codes=codes, labels=("no", "yes")),),
    )
    entries = sequential(people, 3)
    found = start_weights(people, entries, baseline_of(people))
    assert isinstance(found, StartWeights)
    of_first = {
        int(r): found.weights[i] for i, r in enumerate(entries.row) if not entries.column[i]
    }
    assert of_first[0] == pytest.approx([1, 1, 1])
    assert of_first[3] == pytest.approx([1, (5 / 8) / (1 / 2), (5 / 8) / (1 / 2)], rel=1e-6)
    assert of_first[8] == pytest.approx([1, (5 / 8) / (3 / 4), (5 / 8) / (3 / 4)], rel=1e-6)
    assert found.largest == pytest.approx(1.25, rel=1e-6)


def test_months_and_days() -> None:
    assert [end_of_month(m) for m in (3, 6, 12, 15)] == [90, 180, 365, 455]
    assert month_of_day(np.array([0, 29, 30, 364, 365])).tolist() == [1, 1, 2, 12, 13]
    days = np.array([day("2024-02-29"), day("2024-03-01"), day("1969-12-31")])
    assert calendar_month(days).tolist() == [24289, 24290, 12 * 1969 + 11]
    assert first_day(np.array([24290])).tolist() == [day("2024-03-01")]
