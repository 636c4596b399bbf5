"""Ratings: compared within cycle and scale, never averaged over scales as they are printed.

A cycle is the month a rating is about. Everybody rated in it on one scale is the yardstick, not
the comparison group alone: it is larger, the same for every arm and window, and no effect moves
it by more than the share of mentored people among all who are rated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.diagnostics.who_rates import rater_changes, who_rates, without_yardstick
from analysis.errors import SpecError
from analysis.funnel import Query

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.diagnostics import Diagnostic
    from analysis.study import StudySpec

MIN_RATED = 10  # fewer people in a cycle and scale are no yardstick

_SQL = """
with rated as (
    select person_no, month, coalesce(scale, '') as scale, value, rater_no
    from marts.performance
    where metric = ? and known_from <= ? and known_to > ?
),
by_value as (
    select month, scale, value, count(*) as people
    from rated
    group by month, scale, value
),
cycles as (
    select month, scale,
        cast(sum(people) as double) as rated,
        sum(people * value order by value) / sum(people) as centre,
        sum(people * value * value order by value) as squares
    from by_value
    group by month, scale
),
mentors as (
    select distinct r.person_no, r.month
    from rated as r
    inner join staging.match as m
        on r.person_no = m.mentee_no
        and r.rater_no = m.mentor_no
        and m.matched_on < r.month + interval 1 month
        and m.known_from <= ? and m.known_to > ?
)
select r.person_no, r.month, r.scale, r.value, r.rater_no, c.rated, c.centre, c.squares,
    m.person_no is not null as by_mentor
from rated as r
inner join cycles as c on r.month = c.month and r.scale = c.scale
left join mentors as m on r.person_no = m.person_no and r.month = m.month
where r.person_no in (select person_no from marts.programme_funnel where programme = ?)
order by r.person_no, r.month
"""


def rating_query(spec: StudySpec) -> Query:
    """SQL for the ratings of people of the programme, each with its cycle and scale.

    ``rated``, ``centre`` and ``squares``: number, mean and sum of squares of everybody rated there.
    """
    known = (spec.as_of, spec.as_of)
    return Query(_SQL, (spec.outcome.metric, *known, *known, spec.programme))


def standardised(spec: StudySpec, ratings: pd.DataFrame) -> NDArray[np.float64]:
    """Each rating (n,) in standard deviations from the mean of its cycle and scale, better higher.

    nan where fewer than ``MIN_RATED`` people were rated there or all alike. Raises SpecError where
    the study does not say which end of a scale is the best.
    """
    best = _best_ends(spec, sorted(ratings["scale"].unique()))
    rated, centre = ratings["rated"].to_numpy(float), ratings["centre"].to_numpy(float)
    squares = ratings["squares"].to_numpy(float) - rated * centre**2
    spread = np.sqrt(np.maximum(squares, 0.0) / np.maximum(rated - 1, 1))
    usable = (rated >= MIN_RATED) & (spread > 1e-9 * np.maximum(np.abs(centre), 1.0))
    sign = ratings["scale"].map({s: -1.0 if end == "lowest" else 1.0 for s, end in best.items()})
    z = sign.to_numpy(float) * (ratings["value"].to_numpy(float) - centre)
    return np.where(usable, z / np.where(usable, spread, 1.0), np.nan)


def rating_notes(
    spec: StudySpec, people: pd.DataFrame, ratings: pd.DataFrame
) -> tuple[Diagnostic, ...]:
    """Who rates, whose rater changed, and who lost ratings without a yardstick.

    ``ratings`` are those of the study's people, with event_month and the standardised outcome.
    """
    notes = [who_rates(spec, ratings), rater_changes(spec, people, ratings)]
    lost = ratings.loc[ratings["outcome"].isna(), "person_no"].nunique()
    if lost:
        notes.append(without_yardstick(int(lost)))
    return tuple(notes)


def _best_ends(spec: StudySpec, found: list[str]) -> dict[str, str]:
    """Which end of each scale is the best; a single scale without a word has its best on top."""
    declared = dict(spec.outcome.scales)
    strange = sorted(set(declared) - set(found))
    if strange:
        raise SpecError(
            "outcome.scales",
            f"no rating of {spec.outcome.metric} is on the scale {strange[0]}",
            f"Scales found: {', '.join(s or '(none named)' for s in found)}.",
        )
    silent = [scale for scale in found if scale not in declared]
    if silent and len(found) > 1:
        raise SpecError(
            "outcome.scales",
            f"ratings are on {len(found)} scales, and for {silent[0] or '(none named)'} the study "
            "does not say which end is the best",
            "Write `scales: {NAME: highest}` or `lowest` for each of them; scales found: "
            f"{', '.join(s or '(none named)' for s in found)}.",
        )
    return {scale: declared.get(scale, "highest") for scale in found}
