"""The words of an answer about exits: of 100 people, how many fewer or more left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.exits.calendar import DAYS_A_YEAR, end_of_month
from reports.names import arm_words, is_composite, scale_words
from reports.numbers import number
from reports.shown import shown, told_apart
from reports.wording.vocabulary import GRADES, INTERVAL_95, NOT_TOLD

if TYPE_CHECKING:
    from analysis.disclosure import Release, ReleasedEstimate
    from reports.shown import Shown

EXIT = "exit"  # the kind of outcome
# What people did, as a verb in the past and as a noun.
LEFT: dict[str, str] = {
    "voluntary": "left by their own choice",
    "involuntary": "were dismissed",
    "retirement": "retired",
    "end_of_contract": "left at the end of a contract",
    "any": "left for any reason",
    "other": "left in another way",
}
LEAVING: dict[str, str] = {
    "voluntary": "leaving by their own choice",
    "involuntary": "being dismissed",
    "retirement": "retiring",
    "end_of_contract": "leaving at the end of a contract",
    "any": "leaving for any reason",
    "other": "leaving in another way",
}
_WHO: dict[str, str] = {
    "randomised": "Of 100 people assigned to the {arm} arm",
    "opt_in": "Of 100 people who started mentoring",
    "rollout": "Of 100 people whose site started",
    "descriptive": "Of 100 people in the {arm} group",
}
_THAN: dict[str, str] = {
    "randomised": "than of 100 in the {comparison} arm",
    "opt_in": "than if they had not",
    "rollout": "than if it had not",
    "descriptive": "than of 100 in the {comparison} group",
}
# The verb follows the grade; {n} is "2.1 fewer".
_VERB: dict[str, str] = {
    "Randomised": "{n} {left}",
    "Credible": "probably {n} {left}",
    "Suggestive": "perhaps {n} {left}",
    "Descriptive only": "{n} {left}",
}
NO_DIFFERENCE = "no difference"
HAD_TO_STAY = "people had to stay to be mentored"
_TENTH = 0.1
_COARSE = 1.5  # of 100 people; from here on "about" is followed by a whole number


def is_about_exits(release: Release) -> bool:
    """Whether the study asks who leaves."""
    return release.outcome_kind == EXIT


def counts_people(release: Release) -> bool:
    """Whether the answer is how many of 100 people: who left, or who left or scored high."""
    return is_about_exits(release) or is_composite(release)


def of_100(estimate: ReleasedEstimate) -> Shown:
    """A difference in people of 100, to a tenth of one where that does not print as nothing."""
    figures = shown(estimate)
    fine = abs(figures.value or 0.0) < _TENTH
    return figures if fine else told_apart(shown(estimate, places=min(figures.places, 1)))


def as_answered(headline: ReleasedEstimate, *, in_people: bool) -> Shown:
    """The headline as its report prints it: in people of 100, or on the scale of its unit."""
    return of_100(headline) if in_people else shown(headline)


def left(release: Release) -> str:
    """What the people counted did, as a verb in the past."""
    if is_composite(release):
        return f"{LEFT['voluntary']} or scored high on {scale_words(release)}"
    return LEFT[release.outcome_metric]


def leaving(release: Release) -> str:
    """The same as a noun."""
    if is_composite(release):
        return f"{LEAVING['voluntary']} or scoring high on {scale_words(release)}"
    return LEAVING[release.outcome_metric]


def by_when(release: Release) -> str:
    """By when it was counted: days of follow-up, or a calendar month of a survey's window."""
    window = release.headline.window
    return f"by month {window[1]}" if is_composite(release) else within(window)


def within(window: tuple[int, int]) -> str:
    """The end of a window of follow-up as in "within 90 days" or "within a year"."""
    days = end_of_month(window[1])
    years, rest = divmod(days, DAYS_A_YEAR)
    if rest:
        return f"within {days:,} days"
    return "within a year" if years == 1 else f"within {years} years"


def sentence(release: Release, figures: Shown) -> tuple[str, str]:
    """The answer, and the part of it to set in bold."""
    who, when, than = _who(release), by_when(release), _than(release)
    if not figures.direction:
        ends = " to ".join(_fewer(v, figures.places) for v in (figures.low, figures.high))
        found = _fewer(figures.value, figures.places)
        said = f"{found} {leaving(release)} {when} {than}"
        if found == NO_DIFFERENCE:
            said = f"{found} in {leaving(release)} {when}"
        return f"{who}, the estimate is {said} ({INTERVAL_95} {ends}); {NOT_TOLD}.", NOT_TOLD
    strong = _fewer(figures.value, figures.places)
    said = _VERB[release.grade].format(n=strong, left=left(release))
    caveat = f"; {GRADES[release.grade].caveat}" if release.grade == "Descriptive only" else ""
    return (
        f"{who}, {said} {when} {than} ({INTERVAL_95} {figures.range_after_direction}){caveat}.",
        strong,
    )


def may_say(release: Release, figures: Shown) -> str:
    """The sentence for an e-mail, in whole people where that is not too coarse."""
    when, caveat = by_when(release), GRADES[release.grade].caveat
    if not figures.direction:
        ends = " to ".join(_fewer(v, figures.places) for v in (figures.low, figures.high))
        return (
            f"We could not tell whether mentoring changed how many {left(release)}: "
            f"anything from {ends} of 100 people {when} fits the data."
        )
    places = 0 if abs(figures.value or 0.0) >= _COARSE else figures.places
    hedged = "perhaps " if release.grade == "Suggestive" else ""
    found = f"{hedged}about {_fewer(figures.value, places)} {left(release)}"
    said = f"{_who(release)}, {found} {when} {_than(release)}"
    return f"{said}; {caveat}." if caveat else f"{said}."


def do_not_say(figures: Shown, gap: ReleasedEstimate | None) -> tuple[str, str]:
    """The tempting sentence beside a raw gap or an unsettled answer, and why it is wrong."""
    doubt = "" if figures.direction else f", and {NOT_TOLD}"
    if gap is not None:
        naive = shown(gap)
        less = "less" if (naive.value or 0) < 0 else "more"
        return (
            f"Mentees leave {less}: the gap is {naive.size}.",
            f"{HAD_TO_STAY.capitalize()}: who left early could not start, and counts among the "
            f"others. Followed from the same day on it is {figures.effect}{doubt}.",
        )
    return "Mentoring changes nothing about who leaves.", "That was not shown either."


def hazard_words(ratio: Shown, metric: str) -> str:
    """A hazard ratio in words."""
    value = number(ratio.value or 0.0, ratio.places)
    told = "" if ratio.direction else f"; {NOT_TOLD}"
    return (
        f"in any month, people with mentoring who were still employed {LEFT[metric]} at {value} "
        f"times the rate of the others; 1 is no difference{told}"
    )


def _who(release: Release) -> str:
    return _WHO[release.design].format(arm=arm_words(release.headline.arm))


def _than(release: Release) -> str:
    """What would have been; an association is held against the other group alone."""
    plain = release.design if release.grade != "Descriptive only" else "descriptive"
    return _THAN[plain].format(comparison=arm_words(release.headline.comparison))


def _fewer(value: float | None, places: int) -> str:
    if value is None:
        return "no limit"
    text = number(abs(value), places)
    if not any(c in "123456789" for c in text):
        return NO_DIFFERENCE
    return f"{text} {'fewer' if value < 0 else 'more'}"
