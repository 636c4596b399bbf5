"""What stands around a chart: the finding as its title, and where its numbers come from.

A title says what the numbers are and whether they can be told from no effect. It claims nothing:
claims are those of the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.names import arm_words
from reports.numbers import date_text, many, signed, with_unit
from reports.shown import shown
from reports.wording.vocabulary import NOT_TOLD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.disclosure import Release, ReleasedEstimate
    from reports.shown import Shown

# How the groups of each design came about.
COMPARED: dict[str, str] = {
    "randomised": "a draw made the groups {treated} and {comparison}",
    "opt_in": "{treated} against {comparison}, made alike in what was recorded before",
    "rollout": "sites that started against sites that had not yet",
    "descriptive": "{treated} against {comparison}, as they are",
}
_STARTERS = "people who started against people who had not yet, followed from the same day"
_DRAWN_STARTS = "a draw decided which sites started when; those that had are held against the rest"


def source(release: Release, as_known_at: str) -> str:
    """Where the numbers of a chart come from; the count of people is the released one."""
    data = "HR and programme records"
    if release.mode == "public":
        data = "published data"
    elif release.outcome_kind == "scale":
        data += " and survey answers"
    people = release.headline.n_people
    counted = f"{people:,} people in the answer; " if people else ""
    return f"Source: {data} as known at {date_text(as_known_at)}; {counted}own calculation."


def compared(release: Release) -> str:
    """Who was held against whom, and what made the groups."""
    if release.outcome_kind == "exit" and release.design == "opt_in":
        return _STARTERS
    if release.design == "rollout" and release.drawn:
        return _DRAWN_STARTS
    treated = " and ".join(arm_words(arm) for arm in release.treated)
    return COMPARED[release.design].format(
        treated=treated, comparison=arm_words(release.comparison)
    )


def told(what: str, figures: Shown) -> str:
    """A figure with its interval, and whether it can be told from no effect."""
    doubt = "" if figures.direction else f"; {NOT_TOLD}"
    return f"{what}: {figures.effect} ({figures.range}){doubt}"


def association(exposure: str, outcome: str, figures: Shown) -> str:
    """Whether an outcome went with an amount that people chose themselves."""
    found = f"{figures.effect} ({figures.range})"
    if not figures.direction:
        return f"the data cannot tell whether {outcome} goes with {exposure}: {found}"
    return f"{outcome} went with {exposure}, which is no effect: {found}"


def if_through_alone(exposure: str, figures: Shown) -> str:
    """The effect of an amount under the assumption that an offer acts through it alone."""
    return told(f"if the offer acts through {exposure} alone", figures)


def other_estimates(head: ReleasedEstimate, others: Sequence[ReleasedEstimate]) -> str:
    """How far other estimates on the same scale lie from the headline."""
    answer = shown(head)
    values = [shown(e).value for e in others if e.status == "released"]
    known = [v for v in values if v is not None]
    if head.status != "released":
        return ""
    if not known:
        return f"no other estimate can be shown; the headline is {answer.effect}"
    low, high = (signed(v, answer.places) for v in (min(known), max(known)))
    if len(known) == 1 or low == high:
        count = "one other estimate is" if len(known) == 1 else f"{len(known)} other estimates are"
        return f"{count} {with_unit(low, answer.unit)}; the headline is {answer.effect}"
    return (
        f"{len(known)} other estimates run from {low} to {with_unit(high, answer.unit)}; "
        f"the headline is {answer.effect}"
    )


def course(
    arm: str, months: Sequence[tuple[int, Shown]], places: int, unit: str, *, together: bool
) -> str:
    """How single months run, and how many can be told from no effect, before and after time zero.

    ``arm`` is named where there are several; ``together``: the intervals cover all months at once.
    Else one of many is soon told from no effect by chance alone, which is said.
    """
    after = [figures for month, figures in months if month >= 0]
    before = [figures for month, figures in months if month < 0]
    run = after or before
    values = [figures.value for figures in run if figures.value is not None]
    low, high = signed(min(values), places), with_unit(signed(max(values), places), unit)
    when = "after the start " if before and after else ""
    whose = f"of {arm} " if arm else ""
    said = f"single months {whose}{when}run from {low} to {high}; {_told_of(run)}"
    if before and after:
        said += f"; before it {_count(before)} of {len(before)}, where nothing should be seen"
    return said if together else f"{said}, each month by itself"


def _told_of(figures: Sequence[Shown]) -> str:
    return f"{_count(figures)} of {len(figures)} can be told from no effect"


def _count(figures: Sequence[Shown]) -> int:
    return sum(f.direction != 0 for f in figures)


def checked(statuses: Sequence[str]) -> str:
    """How many checks failed and warned, of all studies."""
    failed, warned = statuses.count("fail"), statuses.count("warn")
    if not statuses:
        return "no check was run"
    total = many(len(statuses), "check")
    return f"{total}: {failed or 'none'} failed, {warned or 'none'} warned"
