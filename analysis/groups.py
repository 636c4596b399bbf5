"""Comparison groups of a programme's funnel: what each is, how good it is, who is in it.

A group is told from days alone, as they stood at the end of the month ``decided_within`` months
after the start: whatever comes later (a late application, a late match) moves nobody. Everybody
must still be employed on that day, in each group alike, and outcomes count from the next month on.
Otherwise "matched" would hold only people who stayed long enough to be matched, and "not matched"
those who left too soon (immortal time). Nor is anybody on notice then: who is about to leave
neither applies nor gets a mentor, so all of them would be among the unmatched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.errors import SpecError
from analysis.finding import Group, Role
from analysis.funnel import JOB_COLUMNS
from analysis.months import month_end, months_since

if TYPE_CHECKING:
    from analysis.study import StudySpec

# Best first; each with what it is and how far it can be trusted.
BEST_FIRST = {
    "lottery_lost": "lost the draw: chance alone decided",
    "wait_listed": "asked too and still waits: the place in the queue decided",
    "applied_unmatched": "asked too, closed without a mentor: why may matter for the outcome",
    "matched_later": "asked too and got a mentor later: only what comes after is compared",
    "never_applied": "could have asked and had not: what kept them may matter for the outcome",
}
APPLICANTS = ("matched", "matched_later", "wait_listed", "applied_unmatched")
DERIVED = (*APPLICANTS, "joined", "never_applied")
_BEFORE = "before"  # had applied or was matched in a month before the start


def is_derived(spec: StudySpec) -> bool:
    """Whether one of the study's arms is told from days, so that it is known only later."""
    return spec.design == "opt_in" and not _named(spec).isdisjoint(DERIVED)


def _named(spec: StudySpec) -> set[str]:
    return {*spec.arms.treated, spec.arms.comparison}


def formed_on(spec: StudySpec, start: pd.Series[pd.Timestamp]) -> pd.Series[pd.Timestamp]:
    """The day on which people who started on ``start`` are told apart."""
    return month_end(start, spec.decided_within)


def states(spec: StudySpec, people: pd.DataFrame, start: pd.Series[pd.Timestamp]) -> pd.Series[str]:
    """The state of each person on the day the groups are formed, from days up to that day.

    ``people`` has applied_on, matched_on, closed_on. A match without an application counts as
    one. ``before`` marks people who had come before the month of ``start``.
    """
    formed, early = formed_on(spec, start), month_end(start, matched_within(spec))
    applied, matched, closed = (
        pd.to_datetime(people[name]) for name in ("applied_on", "matched_on", "closed_on")
    )
    came = months_since(start, pd.concat([applied, matched], axis=1).min(axis=1))
    told = {  # the first that holds
        _BEFORE: came < 0,
        "matched": matched <= early,
        "matched_later": matched <= formed,
        "applied_unmatched": (applied <= formed) & (closed <= formed),
        "wait_listed": applied <= formed,
    }
    state = np.select(list(told.values()), list(told), "never_applied")
    return pd.Series(state, index=people.index, dtype="str")


def on_notice(spec: StudySpec, people: pd.DataFrame) -> pd.Series[bool]:
    """Whether a person who is still employed had given notice by the day the groups are formed.

    As recorded; who left without a day of notice counts where the exit came within
    ``notice_months`` months.
    """
    told = pd.to_datetime(people["notice_on"])
    given = told <= formed_on(spec, people["time_zero"])
    if not spec.notice_months:
        return given
    last = month_end(people["time_zero"], spec.decided_within + spec.notice_months)
    return given | (told.isna() & (pd.to_datetime(people["exited_on"]) <= last))


def matched_within(spec: StudySpec) -> int:
    """Months after the start within which a match counts as ``matched``."""
    limit = spec.matched_within
    return spec.decided_within if limit is None else limit


def arms_of(spec: StudySpec, people: pd.DataFrame) -> pd.Series[str]:
    """The arm of each person: as recorded by the day the groups are formed, else from days.

    Where the study names ``joined``, everybody who had applied by then is in it.
    """
    state = states(spec, people, people["time_zero"])
    if "joined" in _named(spec):
        state[state.isin(APPLICANTS)] = "joined"
    known = ~(pd.to_datetime(people["assigned_on"]) > formed_on(spec, people["time_zero"]))
    return people["arm"].where(known).fillna(state)


def had_come_before(arm: pd.Series[str]) -> pd.Series[bool]:
    """Whether a person had applied or was matched before the start, so has no choice left."""
    return arm == _BEFORE


def funnel_groups(spec: StudySpec, people: pd.DataFrame) -> tuple[Group, ...]:
    """Everybody recorded in the programme once, by group: comparison groups first, best first.

    Whoever applied is told apart at the same distance from the application as in the study, so
    the sizes do not depend on the study's own time zero.
    """
    came = pd.to_datetime(people["applied_on"]).fillna(pd.to_datetime(people["matched_on"]))
    state = states(spec, people, came)
    formed = formed_on(spec, came)
    state[came.notna() & (pd.to_datetime(people["exited_on"]) < formed)] = "left_first"
    state[came.notna() & (formed > pd.Timestamp(spec.as_of))] = "too_recent"
    drawn = people["arm"].fillna(state)
    counts = drawn.value_counts()
    order = [*BEST_FIRST, *sorted({*counts.index, spec.arms.comparison} - set(BEST_FIRST))]
    found = (*counts.index, spec.arms.comparison)
    made = (_group(spec, name, int(counts.get(name, 0))) for name in order if name in found)
    return tuple(sorted(made, key=lambda g: (g.rank or len(order), g.role != "treated")))


def _group(spec: StudySpec, name: str, people: int) -> Group:
    compared = name == spec.arms.comparison
    if compared and spec.design == "randomised":
        return Group(arm=name, people=people, rank=1, what=BEST_FIRST["lottery_lost"], role="used")
    rank = [*BEST_FIRST].index(name) + 1 if name in BEST_FIRST else None
    treated = {*spec.arms.treated} | ({*APPLICANTS} if "joined" in spec.arms.treated else set())
    role: Role = "available" if rank else "other"
    if compared or name in treated:
        role = "used" if compared else "treated"
    return Group(arm=name, people=people, rank=rank, what=_what(spec, name), role=role)


def _what(spec: StudySpec, name: str) -> str:
    words = {
        "matched": f"got a mentor by the end of month {matched_within(spec)} after applying",
        "left_first": "applied and left before groups could be told apart",
        "too_recent": "applied too recently to be told apart",
    }
    return BEST_FIRST.get(name) or words.get(name) or "as recorded by the programme"


def check_groups(spec: StudySpec) -> None:
    """Refuse what cannot be compared fairly; raises SpecError saying why."""
    named = _named(spec)
    if "joined_later" in named:
        raise SpecError(
            "arms",
            "joined_later holds only people who stayed long enough to join: its members cannot "
            "have left before (immortal time)",
            "Compare with never_applied: who had not applied on the day the groups are formed, "
            "whatever came later.",
        )
    _check_dates(spec, named)
    if not is_derived(spec):
        _refuse_unused(spec)
        return
    within, decided = matched_within(spec), spec.decided_within
    if within > decided:
        raise SpecError(
            "matched_within",
            "is later than the day on which the groups are told apart",
            f"Use at most {decided}, or raise `decided_within`.",
        )
    if "matched_later" in named and within == decided:
        raise SpecError(
            "arms.comparison" if spec.arms.comparison == "matched_later" else "arms.treated",
            "matched_later would be told from what comes after the groups are formed, and hold "
            "only people who stayed to be matched (immortal time)",
            "Declare `matched_within` (the last month of `matched`) below `decided_within` (the "
            "last month of matched_later); or compare with wait_listed.",
        )
    if "joined" in named and not named.isdisjoint(APPLICANTS):
        raise SpecError(
            "arms", "joined holds everybody who applied, so arms overlap", "Name one or the other."
        )
    _check_windows(spec)


def _check_windows(spec: StudySpec) -> None:
    windows = [("follow_up.primary", spec.follow_up.primary)]
    windows += [("follow_up.windows", w) for w in spec.follow_up.windows]
    windows += [
        (f"specifications.{s.name}", (s.first_month, s.last_month)) for s in spec.specifications
    ]
    if spec.mediation is not None:  # nor are feelings from before joining a result of it
        windows.append(("mediation.measured", spec.mediation.measured))
    for key, (first, _) in windows:
        if first <= spec.decided_within:
            raise SpecError(
                key,
                f"begins in month {first}, before the groups are told apart at the end of month "
                f"{spec.decided_within}: who is in a group must be known before outcomes count",
                f"Begin with month {spec.decided_within + 1}, or lower `decided_within`.",
            )


def _check_dates(spec: StudySpec, named: set[str]) -> None:
    if spec.start_dates == "recorded":
        if spec.design == "opt_in" and spec.time_zero == "applied_on" and "never_applied" in named:
            raise SpecError(
                "time_zero",
                "people who never applied have no day of application to start from",
                "Say `start_dates: matched`, or start on invited_on or eligible_on.",
            )
        if spec.start_dates_within:
            raise SpecError(
                "start_dates_within",
                "no start dates are drawn",
                "Say `start_dates: matched`, or remove it.",
            )
        return
    if not is_derived(spec) or "never_applied" not in named:
        raise SpecError(
            "start_dates",
            "drawn start dates are for an opt-in study that names never_applied",
            "Remove `start_dates`: everybody else has a date of their own.",
        )
    unknown = [name for name in spec.start_dates_within if name not in JOB_COLUMNS]
    if unknown:
        raise SpecError(
            "start_dates_within",
            f"{', '.join(unknown)}: is not known of everybody's job",
            f"Use {', '.join(JOB_COLUMNS)}.",
        )


def _refuse_unused(spec: StudySpec) -> None:
    for key in ("decided_within", "matched_within", "notice_months"):
        if key in spec.model_fields_set:
            raise SpecError(
                key,
                "is only used where an opt-in study tells its arms from days",
                f"Remove `{key}`; the arms here are those recorded.",
            )
