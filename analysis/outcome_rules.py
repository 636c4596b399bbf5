"""What the kind of an outcome asks of the rest of its study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.errors import SpecError
from analysis.exits.rules import check_exits

if TYPE_CHECKING:
    from analysis.study import StudySpec

# Kinds that each design answers.
ANSWERED: dict[str, tuple[str, ...]] = {"rollout": ("continuous", "count", "exit")}
_RATIOS = ("ancova", "difference_in_means")  # what a ratio of means can be estimated by


def check_outcome(spec: StudySpec) -> None:
    """Raises SpecError where design, windows, clusters or estimators do not fit the outcome."""
    kind = spec.outcome.kind
    _interest(spec)
    if kind == "exit":
        check_exits(spec)
        return
    answered = ANSWERED.get(spec.design)
    if answered and kind not in answered:
        raise SpecError(
            "outcome.kind",
            f"{kind} is not answered in a roll-out by this version",
            f"Use one of: {', '.join(answered)}.",
        )
    if answered and spec.outcome.after_exit == "zero":
        raise SpecError(
            "outcome.after_exit",
            "zero is not answered in a roll-out by this version",
            "Remove it; a roll-out compares people who are there.",
        )
    for key, asked in (("dose", spec.dose), ("practices", spec.practices)):
        if asked and spec.design not in ("randomised", "opt_in"):
            raise SpecError(key, f"is not answered in the design {spec.design}", "Remove it.")
    if "trials" in spec.model_fields_set:
        raise SpecError("trials", "belongs to studies of exits", "Remove `trials`.")
    if kind == "count":
        _ratios(spec)
    if kind == "promotion":
        _by_a_month(spec)
    if kind == "scale":
        _answers(spec)
    if kind == "team" and spec.cluster != "manager_no":
        raise SpecError(
            "cluster",
            "people of one team share its outcome and are not counted one by one",
            "Write `cluster: manager_no`.",
        )
    if spec.start_dates == "matched":
        _drawn_dates(spec)


def _interest(spec: StudySpec) -> None:
    if spec.outcome.per_cent and (spec.effect_of_interest or 0.0) <= -1:
        raise SpecError(
            "effect_of_interest",
            "is a fall by all there is, or more, of what is compared as a ratio",
            "Write -0.05 for a fall by five per cent, say.",
        )


def _drawn_dates(spec: StudySpec) -> None:
    gone = spec.outcome.after_exit == "zero" or spec.outcome.cut is not None
    if spec.outcome.kind == "promotion" or gone:
        raise SpecError(
            "start_dates",
            "whoever stayed to come later is not among those who got a drawn date, so too many of "
            "them are soon gone, and here who is gone counts",
            "Study an outcome of people while employed; or deliver who was eligible and since "
            "when, and start on that day.",
        )
    if spec.outcome.kind == "team":
        raise SpecError(
            "start_dates",
            "a team is everybody with one manager on a recorded day",
            "Remove `start_dates`, or study an outcome of people.",
        )


def _ratios(spec: StudySpec) -> None:
    named = [("estimator", spec.primary_estimator)]
    named += [(f"specifications.{s.name}.estimator", s.estimator) for s in spec.specifications]
    for key, estimator in named:
        if estimator not in _RATIOS:
            raise SpecError(
                key,
                f"{estimator} estimates differences, and effects on a count are ratios",
                f"Use one of: {', '.join(_RATIOS)}.",
            )


def _answers(spec: StudySpec) -> None:
    """What a study of a survey scale may say."""
    for specification in spec.specifications:
        if specification.first_month < 0:
            raise SpecError(
                f"specifications.{specification.name}.first_month",
                "lies before time zero, where answers are the past and no outcome",
                "Begin in month 0 or later; `adjust_for: [pre_period_outcome]` is the last score.",
            )
    if spec.outcome.cut is None:
        return
    if spec.dose or spec.practices:
        raise SpecError(
            "dose" if spec.dose else "practices",
            "who leaves meets no more, so meetings would seem to keep people (immortal time)",
            "Remove it, or study the score alone, without `cut`.",
        )
    if spec.effect_of_interest is not None and not 0 < abs(spec.effect_of_interest) < 1:
        raise SpecError(
            "effect_of_interest", "is a share of people", "Write 0.05 for five points, say."
        )


def _by_a_month(spec: StudySpec) -> None:
    adjusted = [("adjust_for", spec.adjust_for)]
    adjusted += [(f"specifications.{s.name}", s.adjust_for) for s in spec.specifications]
    for key, names in adjusted:
        if "pre_period_outcome" in names:
            raise SpecError(
                key,
                "nobody has risen above the level of time zero before it",
                "Remove pre_period_outcome; adjust for level and tenure_months instead.",
            )
    named = [("follow_up.primary", spec.follow_up.primary)]
    named += [("follow_up.windows", window) for window in spec.follow_up.windows]
    named += [
        (f"specifications.{s.name}", (s.first_month, s.last_month)) for s in spec.specifications
    ]
    for key, (first, last) in named:
        if first != last or first < 0:
            raise SpecError(
                key,
                "promotions are counted from time zero up to a month",
                f"Write that month twice: [{max(last, 0)}, {max(last, 0)}].",
            )
