"""When the time is over for which a project may keep people who have left."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    from pipelines.engine import Engine

# Of several spells the last one counts: whoever was hired again has not left.
GONE_BEFORE = """
select person.person_key
from staging.person as person inner join marts.employees as employees using (person_no)
where employees.exited_on < $1
order by person.person_key
"""
_DUE = (
    "warning: people left more than {months} months before the last delivery, which is longer than "
    "the project keeps them: run `mentorlift erase --expired`"
)


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day so many months ago, or the last of that month if it is shorter."""
    count = day.year * 12 + day.month - 1 - months
    year, month = count // 12, count % 12 + 1
    for last in range(day.day, day.day - 4, -1):
        try:
            return day.replace(year=year, month=month, day=last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def due(engine: Engine, months: int) -> list[str]:
    """What to say of people whose time to be kept is over, of whom there is no number to tell."""
    last: dt.date | None = engine.scalar("select max(delivered_on) from landed.deliveries")
    if last is None:
        return []
    sql = f"select count(*) > 0 from ({GONE_BEFORE})"
    over = engine.scalar(sql, [months_before(last, months)])
    return [_DUE.format(months=months)] if over else []
