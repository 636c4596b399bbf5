"""The words of an answer: verb by grade, what may be said, what may not, what would raise it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analysis.release.renewal import CAME_OR_WENT
from reports.names import arm_words, lower_first, outcome_words, study_title
from reports.numbers import months, signed, with_unit
from reports.shown import Shown, has_figure, shown
from reports.wording import exits as exit_words
from reports.wording import exploratory, not_to_say, standing
from reports.wording.exploratory import graded
from reports.wording.to_raise import NOT_SHOWN, to_answer, to_raise
from reports.wording.vocabulary import (
    AMONG,
    GRADES,
    GROUP,
    INTERVAL_95,
    NOT_TOLD,
    RAW_GAP,
    SUBJECT,
    raw_gap_key,
)

if TYPE_CHECKING:
    from analysis.disclosure import Release, ReleasedDiagnostic, ReleasedEstimate

UNBOUNDED_END = "no limit"
TOO_FEW = "Too few people were studied to show an answer without showing persons."
CHANGED = "The question was changed after it was answered, so no answer to it is shown."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one study lets a reader say.

    ``headline`` is its clause of the page's headline, ``sentence`` the answer itself and
    ``strong`` the part of it to set in bold; ``do_not_say`` is a quotation and ``why_not`` the
    reason; ``one_line`` is for terminals.
    """

    headline: str
    sentence: str
    strong: str
    may_say: str
    do_not_say: str
    why_not: str
    to_raise: str
    one_line: str


def answer(release: Release) -> Answer:
    """The sentences that the study's grade and figures allow."""
    said = _answer(release)
    return replace(said, **exploratory.words(said)) if exploratory.is_marked(release) else said


def _answer(release: Release) -> Answer:
    head = release.headline
    if release.grade == "Withheld":
        return _withheld(release)
    if not has_figure(head):
        return _not_shown(release)
    figures = headline_figures(release)
    sentence, strong = _sentence(release, figures)
    do_not_say, why_not = not_to_say.not_to_say(release, figures, raw_gap(release))
    return Answer(
        headline=_clause(release, figures),
        sentence=sentence,
        strong=strong,
        may_say=_may_say(release, figures),
        do_not_say=do_not_say,
        why_not=why_not,
        to_raise=to_raise(release, settled=figures.direction != 0),
        one_line=_one_line(release, figures),
    )


def headline_figures(release: Release) -> Shown:
    """The headline as the answer prints it."""
    people = exit_words.counts_people(release)
    return exit_words.as_answered(release.headline, in_people=people)


def other_arms(release: Release) -> tuple[str, ...]:
    """One sentence for each further arm of the headline's comparison that may be shown."""
    head, lines = release.headline, []
    for e in release.estimates:
        same = (e.estimator, e.window, e.unit) == (head.estimator, head.window, head.unit)
        further = e.role == "secondary" and e.arm != head.arm and e.subgroup is None
        if not (same and further and e.status == "released" and e.name == head.name):
            continue
        figures = shown(e)
        line = f"{arm_words(e.arm)}: {figures.effect} ({INTERVAL_95} {figures.range})"
        lines.append(f"{line}{'' if figures.direction else '; ' + NOT_TOLD}.")
    return tuple(lines)


def raw_gap(release: Release) -> ReleasedEstimate | None:
    """The naive comparison on the headline's scale, where it may be shown."""
    head = release.headline
    for e in release.estimates:
        same = e.unit == head.unit and e.arm == head.arm and e.subgroup is None
        if e.role == "naive" and has_figure(e) and same:
            return e
    return None


def gap_words(releases: tuple[Release, ...]) -> str:
    """What the raw gaps of these studies compare, each design once."""
    return "; ".join(dict.fromkeys(RAW_GAP[raw_gap_key(r)] for r in releases))


def failures(release: Release) -> tuple[ReleasedDiagnostic, ...]:
    """The checks that withheld the study."""
    return tuple(d for d in release.diagnostics if d.status == "fail")


def reason_withheld(release: Release) -> str:
    """Why there is no number, as the end of a sentence, without its full stop."""
    failed = failures(release)
    if failed:
        labels = ", ".join(lower_first(d.label) for d in failed)
        return f"{'checks' if len(failed) > 1 else 'a check'} failed ({labels})"
    for line in release.reasons:
        if "could not be estimated" in line:
            return lower_first(line).rstrip(". ")
    return "a check failed"


def _subject(release: Release) -> str:
    return SUBJECT[release.design].format(arm=arm_words(release.headline.arm))


def _name(release: Release) -> str:
    """The study in the page's headline; several treated arms are told apart."""
    title = study_title(release).rstrip(".")
    arm = f" ({arm_words(release.headline.arm)})" if len(release.treated) > 1 else ""
    return title + arm


def _clause(release: Release, figures: Shown) -> str:
    name, outcome = _name(release), outcome_words(release)
    grade = GRADES[release.grade]
    if not figures.direction:
        tail = f"changed {outcome} is not settled"
        asked = f"Whether {lower_first(name)} {tail}."
        return asked if not name.endswith("?") else f"{name} Not settled."
    verb = grade.clause_up if figures.direction > 0 else grade.clause_down
    return f"{name} {verb} {outcome}."


def _sentence(release: Release, figures: Shown) -> tuple[str, str]:
    """The answer, and the part of it to set in bold."""
    if exit_words.counts_people(release):
        return exit_words.sentence(release, figures)
    subject, outcome = _subject(release), outcome_words(release)
    when, grade = months(release.headline.window), GRADES[release.grade]
    if not figures.direction:
        return (
            f"{subject}: the estimate on {outcome} is {figures.effect} {when} "
            f"({INTERVAL_95} {figures.range}); {NOT_TOLD}."
        ), NOT_TOLD
    verb = grade.up if figures.direction > 0 else grade.down
    around = f"({INTERVAL_95} {figures.range_after_direction})"
    said = f"{subject} {verb} {outcome} by {figures.size} {when} {around}."
    if release.grade == "Descriptive only":
        said = f"{subject} {verb} {outcome}, by {figures.size} {when} {around}; {grade.caveat}."
    return said, figures.size


def _may_say(release: Release, figures: Shown) -> str:
    if exit_words.counts_people(release):
        return exit_words.may_say(release, figures)
    who = AMONG[release.design].format(arm=arm_words(release.headline.arm))
    outcome = outcome_words(release)
    base = GROUP[release.design].format(arm=arm_words(release.headline.comparison))
    when, caveat = months(release.headline.window), GRADES[release.grade].caveat
    if not figures.direction:
        return (
            f"We could not tell whether {lower_first(_subject(release))} makes a difference to "
            f"{outcome}: anything from {_spelled(figures)} fits the data."
        )
    more = "higher" if figures.direction > 0 else "lower"
    said = f"{who} had {outcome} about {figures.size} {more} than in {base} {when}"
    return f"{said}; {caveat}." if caveat else f"{said}."


def _spelled(figures: Shown) -> str:
    ends = [
        UNBOUNDED_END if v is None else signed(v, figures.places)
        for v in (figures.low, figures.high)
    ]
    return with_unit(" to ".join(ends), figures.unit)


def _one_line(release: Release, figures: Shown) -> str:
    gap = raw_gap(release)
    tail = f", raw gap {shown(gap).effect}" if gap else ""
    return f"{release.study} [{graded(release)}] {figures.effect} ({figures.range}){tail}"


def _withheld(release: Release) -> Answer:
    subject, outcome = lower_first(_subject(release)), outcome_words(release)
    why = reason_withheld(release)
    do_not_say, why_not = not_to_say.withheld(release)
    only = [d.name for d in failures(release)] == ["registered_study"]
    return Answer(
        headline=f"{_name(release)}: we cannot say.",
        sentence=f"We cannot say whether {subject} changes {outcome}: {why}.",
        strong=why,
        may_say=CHANGED
        if only
        else f"These data cannot answer whether {subject} changes {outcome}.",
        do_not_say=do_not_say,
        why_not=why_not,
        to_raise=to_answer(release),
        one_line=f"{release.study} [{graded(release)}] {why}",
    )


def _not_shown(release: Release) -> Answer:
    outcome, why = outcome_words(release), lower_first(release.headline.reason).rstrip(". ")
    near = CAME_OR_WENT in why
    return Answer(
        headline=f"{_name(release)}: not shown.",
        sentence=f"The answer on {outcome} may not be shown: {why}.",
        strong=why,
        may_say=standing.NOT_NOW if near else TOO_FEW,
        do_not_say="Nothing was found.",
        why_not="The figure is hidden to protect people, not because it is zero.",
        to_raise=standing.WAIT if near else NOT_SHOWN,
        one_line=f"{release.study} [{graded(release)}, not shown] {why}",
    )
