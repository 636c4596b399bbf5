"""What a study of exits may say: exposure is starting, never staying to the end.

Exposure defined by completion is refused: only people who stayed can complete, so those who left
are counted as never mentored and mentoring seems to keep people (immortal time; Suissa 2008,
American Journal of Epidemiology 167:492-499).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analysis.errors import SpecError
from analysis.funnel import JOB_COLUMNS
from analysis.groups import BEST_FIRST, DERIVED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.study import StudySpec
    from analysis.unused_keys import Unused

# Words for having stayed to the end. A hire of a graduate scheme, or the finishing department, is
# no such word where people are described.
_OF_ARMS = re.compile(r"complet|graduat|finish(?!ing)")
_OF_PEOPLE = re.compile(r"complet|graduated|finish(ed|er)|graduation")
_GROUPS = {*BEST_FIRST, *DERIVED, "joined_later"}  # groups that other kinds tell from days
_DESIGNS = {"randomised": "a draw", "opt_in": "an opt-in", "rollout": "a roll-out"}


def check_exits(spec: StudySpec) -> None:
    """Raises SpecError where a study of exits says what cannot be answered rightly."""
    _never_completion(spec)
    for key, (first, last) in (
        ("follow_up.primary", spec.follow_up.primary),
        *(("follow_up.windows", window) for window in spec.follow_up.windows),
    ):
        if first != 1:
            raise SpecError(
                key,
                "exits are counted from time zero up to a month",
                f"Write [1, {max(last, 1)}].",
            )
    if "pre_period_outcome" in spec.adjust_for:
        raise SpecError(
            "adjust_for",
            "pre_period_outcome: nobody has left before time zero",
            "Name a metric instead: `performance.METRIC` is its mean in the three months before.",
        )
    if "tenure_months" in spec.adjust_for:
        raise SpecError(
            "adjust_for",
            "tenure_months: models of exits always hold the tenure of each month",
            "Remove it.",
        )
    if spec.outcome.unit:
        raise SpecError("outcome.unit", "shares of people have no unit", "Remove `unit`.")
    if spec.effect_of_interest is not None and not 0 < abs(spec.effect_of_interest) < 1:
        raise SpecError(
            "effect_of_interest", "is a share of people", "Write 0.02 for two points, say."
        )
    if spec.design == "opt_in":
        _starting(spec)


def refuse_completion(spec: StudySpec) -> None:
    """Raises SpecError where arms are who completed, whatever is measured of those who stayed.

    Studies of exits have stricter rules (:func:`check_exits`).
    """
    for name in (*spec.arms.treated, spec.arms.comparison):
        if spec.outcome.kind != "exit" and _OF_PEOPLE.search(name.lower()):
            raise SpecError(
                "arms.treated" if name in spec.arms.treated else "arms.comparison",
                f"`{name}` defines exposure by completion, which is refused (immortal time): only "
                "people who stayed can complete",
                "Write the arms as drawn, or who joined: what began, whatever came of it.",
            )


def _never_completion(spec: StudySpec) -> None:
    for key, name, word in _names(spec):
        if word.search(name.lower()):
            raise SpecError(
                key,
                f"`{name}` defines exposure by completion, which is refused (immortal time): only "
                "people who stayed can complete, so whoever left counts as not mentored",
                _INSTEAD[spec.design],
            )


_INSTEAD = {
    "randomised": "Write the arms as drawn, whatever came of it: `arms: {treated: mentee, "
    "comparison: lottery_lost}`.",
    "opt_in": "Write `trials: {start: matched_on}` and `arms: {treated: mentored, comparison: "
    "not_yet_mentored}`: people count as mentored from the day they start.",
    "rollout": "Write `arms: {treated: mentoring, comparison: not_yet_started}`: everybody at a "
    "site counts from the day it starts.",
    "descriptive": "Write who had started, not who completed.",
}


def _names(spec: StudySpec) -> Iterator[tuple[str, str, re.Pattern[str]]]:
    """Names in the study by which people could be told apart, with the words refused there."""
    for name in spec.arms.treated:
        yield "arms.treated", name, _OF_ARMS
    yield "arms.comparison", spec.arms.comparison, _OF_ARMS
    for name in spec.dose:
        yield "dose", name, _OF_PEOPLE
    for subgroup in spec.subgroups:
        yield "subgroups", subgroup.name, _OF_PEOPLE
    for name, rule in spec.population.items():
        yield "population", name, _OF_PEOPLE
        if isinstance(rule, tuple) and name not in JOB_COLUMNS:  # a department may be Completions
            yield from ((f"population.{name}", value, _OF_PEOPLE) for value in rule)
    for name in spec.adjust_for:
        yield "adjust_for", name, _OF_PEOPLE
    for name in spec.allocation.strata:
        yield "allocation.strata", name, _OF_PEOPLE
    yield "cluster", spec.cluster, _OF_PEOPLE


def _starting(spec: StudySpec) -> None:
    """Who could start, and what starting is, where people choose."""
    for name in (*spec.arms.treated, spec.arms.comparison):
        if name in _GROUPS:
            raise SpecError(
                "arms",
                f"{name}: a study of exits compares, month by month, who starts with who has not "
                "started yet; groups told apart later hold people who stayed (immortal time)",
                "Write `arms: {treated: mentored, comparison: not_yet_mentored}`, and under "
                "`trials.start` the day that counts as starting.",
            )
    if len(spec.arms.treated) > 1:
        raise SpecError("arms.treated", "there is one way to start", "Name one treated arm.")
    _days(spec)


def _days(spec: StudySpec) -> None:
    """From which day people could start."""
    if spec.start_dates == "matched":
        if "time_zero" in spec.model_fields_set:
            raise SpecError(
                "time_zero",
                "with `start_dates: matched` everybody in the population could start in each month",
                "Remove one of the two.",
            )
        if spec.trials.within is not None:
            raise SpecError(
                "trials.within",
                "counts from a recorded day, and `start_dates: matched` uses none",
                "Remove one of the two.",
            )
    elif spec.time_zero == "assigned_on":
        raise SpecError(
            "time_zero",
            "nobody is assigned where people choose",
            "Write `invited_on`, `eligible_on` or `applied_on`: who has that day could start from "
            "then on. Where only those who came are recorded, write `start_dates: matched`: "
            "everybody in the population could start in each month.",
        )
    elif spec.time_zero == spec.trials.start:
        raise SpecError(
            "trials.start",
            "everybody starts on the day from which they could start: nobody is left to compare "
            "with",
            "Start later (`matched_on`), or write `time_zero: invited_on`, or `start_dates: "
            "matched` instead of `time_zero`.",
        )


def unused_of_exits(spec: StudySpec) -> tuple[str, Unused]:
    """The design in words, and the keys that a study of exits would read and then ignore."""
    declared, design = spec.model_fields_set, spec.design
    starts = design in ("opt_in", "rollout")
    return f"{_DESIGNS.get(design, design)} of exits", (
        ("rollout", "rollout" in declared, "sites that start are compared with those that have not "
         "yet, month by month"),
        ("trials", "trials" in declared and design == "randomised", "the draw says who begins"),
        ("trials", "trials" in declared and design == "rollout", "sites start at `time_zero`"),
        ("decided_within", "decided_within" in declared, "nobody waits to be told apart"),
        ("matched_within", spec.matched_within is not None, "nobody waits to be told apart"),
        ("start_dates", spec.start_dates != "recorded" and design != "opt_in", "days are recorded"),
        ("start_dates_within", bool(spec.start_dates_within), "adjust_for compares like with like"),
        ("notice_months", "notice_months" in declared and design != "opt_in", "nobody chooses"),
        ("allocation.share", spec.allocation.share is not None and starts, "nobody was drawn"),
        ("allocation.strata", bool(spec.allocation.strata) and starts, "nobody was drawn"),
        ("take_up", spec.take_up is not None and starts, "`trials.start` says what counts"),
        ("estimator", spec.estimator is not None, "shares of leavers are standardised"),
        ("covariance", "covariance" in declared, "errors are clustered by person"),
        ("missing_covariates", "missing_covariates" in declared, "`not recorded` is a level"),
        ("specifications", bool(spec.specifications), "declare `follow_up.windows` instead"),
        ("negative_controls", bool(spec.negative_controls), "retirement and the end of contracts "
         "are looked at without being named"),
        ("dose", bool(spec.dose), "who leaves meets no more (immortal time)"),
        ("practices", bool(spec.practices), "who leaves practises no more (immortal time)"),
    )  # fmt: skip
