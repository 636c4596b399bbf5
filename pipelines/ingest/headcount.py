"""Notices a delta that was delivered as a full file: its headcount falls suddenly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.errors import UserError

if TYPE_CHECKING:
    import datetime as dt

    from pipelines.delivery import Source
    from pipelines.engine import Engine

# Fewer people gone than this are exits, however small the company.
LEAST_FALL = 5

_HEADCOUNT = """
with days as (
    select max(delivered_on) as day from landed.deliveries
    where source = $source and contents = 'full' and outcome = 'accepted'
        and delivered_on < $day
    union all
    select cast($day as date) as day
),
employed as (
    select _delivered_on as day, person_id from landed.employment
    where _source = $source and _delivered_on in (select day from days)
        and cast(hired_on as date) <= _delivered_on
        and (exited_on is null or cast(exited_on as date) >= _delivered_on)
        and coalesce(status, 'active') <> 'terminated'
    union
    select _delivered_on as day, person_id from landed.quarantine
    where _source = $source and _delivered_on in (select day from days)
        and table_name = 'employment'
)
select count(*) filter (where day < $day), count(*) filter (where day = $day) from employed
"""


def fall(engine: Engine, source: Source, day: dt.date) -> UserError | None:
    """What to say when the full delivery of that day lost too much of the headcount before it."""
    before, after = engine.rows(_HEADCOUNT, {"source": source.name, "day": day})[0]
    lost = before - after
    if lost < LEAST_FALL or lost <= source.headcount_drop * before:
        return None
    problem = (
        f"Source {source.name}, delivery of {day}: the headcount fell by {lost / before:.0%} since "
        f"the full file before, more than {source.headcount_drop:.0%}: this may be a delta "
        "delivered as full."
    )
    fix = (
        "Deliver the full file, declare contents: delta, or, if so many left, set "
        "headcount_drop higher or on_headcount_drop: continue."
    )
    return UserError(problem, fix)
