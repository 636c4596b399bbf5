"""What a plan rests on, as printed below it; counts of people are not among it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from analysis.planning.exits import Leaving
    from analysis.planning.joining import Joining
    from analysis.planning.sites import SiteSpread
    from analysis.planning.size import Size
    from analysis.planning.spread import Spread
    from analysis.planning.starters import Starters
    from analysis.planning.waves import Waves
    from analysis.study import StudySpec, Window

TREATED_AMONG = (
    "the records before the programme are too short: people of the programme are among those "
    "looked at, which widens or narrows the spread by what it does"
)
LIKE_RECORDED = "those looked at have been employed as long as those recorded in the programme"


def always(spec: StudySpec, size: Size) -> list[str]:
    """What holds of every plan of this study."""
    said = [
        "two-sided tests at 5 %; power is the chance that the study finds an effect of that size",
        "the future spreads, clusters and leaves as people of the population did; applicants may "
        "differ from it",
    ]
    if spec.design != "rollout":
        said.append(f"people: {size.source}")
    if spec.design == "randomised":
        said.append("the effect is that of the offer: where only some take it up, it is diluted")
    if size.intake:
        said.append(
            f"people are taken in over {size.intake} months: everybody at the beginning, then "
            "newcomers by quarters"
        )
    if not spec.population:
        said.append(
            "the study names no population: everybody employed is looked at, or everybody with "
            "results of the metric"
        )
    if "stratum" in spec.allocation.strata:
        said.append("of the strata of the draw the past knows the rounds alone")
    if size.a_month is None and spec.design != "rollout":
        said.append("how fast people come is not on record, or they came in one month")
    return said


def of_spread(spread: Spread, spec: StudySpec, window: Window) -> list[str]:
    """What a month's outcome is like."""
    log = spec.outcome.per_cent
    unit = "log points" if log else spec.unit
    sd = f"{100 * spread.sd:.2g} points" if unit == "share" else f"{spread.sd:.2g} {unit}"
    parts = [f"spread of a month {sd}"]
    if spread.within is not None:
        parts.append(f"correlation of a person's months {spread.within:.2f} after adjusting")
    parts.append(f"share of the variance that adjusting takes away {100 * spread.explained:.0f} %")
    if spread.icc is not None:
        parts.append(f"correlation of people of one {spec.cluster.replace('_', ' ')} "
                     f"{spread.icc:.2f}")  # fmt: skip
    said = [f"months {window[0]} to {window[1]}: {', '.join(parts)}"]
    if spread.clusters:
        name = spec.cluster.replace("_", " ")
        said.append(f"whole groups ({name}) are treated or not; people needed come in such groups")
    return said


def weighting(joining: Joining | None, size: Size) -> str:
    """How weights count."""
    if joining is None:
        return (
            "who joins is not known yet: as precise as a draw, which weighting for an opt-in "
            "never is"
        )
    made = joining.errors(size.treated, size.comparison)
    drawn = 1 / size.treated + joining.cost / size.comparison
    few = 100 * (np.sqrt(made.variance / drawn) - 1)
    more = (
        f"; models fitted to so few people make the answer {few:.0f} % less precise than that"
        if few >= 1
        else ""
    )
    return (
        f"weights that make the others like the joiners cost a factor of {joining.cost:.1f} of the "
        f"comparison group (Kish's design effect){more}"
    )


def of_sites(spread: SiteSpread, waves: Waves | None, spans: int) -> list[str]:
    """How sites are compared."""
    how = (
        f"{waves.number} waves as recorded, each against sites not started yet"
        if waves
        else "half of the sites start in one month"
    )
    return [
        f"{spread.sites} sites, {how}; changes of sites between months of {spans} spans of the "
        "past, one change of so many months as likely as another",
        "people needed: with sites of today's size, half of them starting in one month",
    ]


def of_exits(
    leaving: Leaving, spec: StudySpec, starters: Starters | None, told: float
) -> list[str]:
    """How exits are compared; ``told``: people compared for each who could start."""
    said = [
        "exits: the difference of two shares of leavers; hazard ratios by Schoenfeld's number of "
        "events; covariates are taken to explain nothing",
        "exits of the last two months may not be on record yet and are not looked at",
    ]
    if leaving.clusters:
        said.append(
            f"exits within one {spec.cluster.replace('_', ' ')} are alike: variances times "
            f"{leaving.design:.1f}"
        )
    if starters is not None:
        said.append(
            "starters are compared month by month with everybody not started yet, as recorded so "
            f"far: for people like the starters that is worth {100 * told:.0f} people "
            "who never start for each 100 who could; starters are followed to the end, and figures "
            "by month that are adjusted for are not counted"
        )
    elif spec.design == "opt_in":
        said.append(
            "who starts is not known yet: comparing starters month by month with everybody not "
            "started yet makes the answer more precise than printed here, adjusting for who "
            "starts makes it less"
        )
    return said
