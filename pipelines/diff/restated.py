"""What the second run's new files say of the time that the first run knew, and of later time.

Facts are compared as either run knew them at its study's date. Those of up to the horizon, the
last day that the first run could know about, are restated: they are told apart by cause and can be
switched one by one. All else that the new files bring is new time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.diff import reading
from pipelines.diff.reading import ABOUT_FILES, FIRST, SECOND, WHOLE, WHY, content, row_tables, show
from pipelines.engine import quote_text as text

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from pipelines.engine import Engine
    from pipelines.models import Contract

# Causes by the landed tables whose rows tell of them, and by what employment tells of spells.
_ROWS = {
    "values": ("performance", "surveys"),
    "records": ("people", "jobs", "enrolments", "matches", "sessions"),
}
BY_SPELL = ("reasons", "exits", "records")
_MADE = "mentorlift diff"  # source of rows that stand for what is restated
_LATE = 10**15  # behind every row that has landed

# Which rows of new files speak of the time that the first run knew: r is the row, $day the horizon.
_PAST = {
    "performance": "r.period <= (select max(k.period) from half.performance k "
    "where k.metric = r.metric and k._delivered_on <= $first)",
    "surveys": "coalesce(try_cast(r.answered_on as date), r._delivered_on) <= $day and exists "
    "(select 1 from half.surveys k where k.instrument = r.instrument and k.wave = r.wave "
    "and k._delivered_on <= $first)",
    "people": "exists (select 1 from half.people k where k.person_id = r.person_id "
    "and k._source = r._source and k._delivered_on <= $first)",
    "jobs": "cast(r.valid_from as date) <= $day",
    "enrolments": "cast(greatest(r.eligible_on, r.invited_on, r.applied_on, r.assigned_on, "
    "r.matched_on, r.completed_on, r.closed_on) as date) <= $day",
    "matches": "cast(greatest(r.matched_on, r.ended_on) as date) <= $day",
    "sessions": "cast(r.held_on as date) <= $day",
}

_KNOWN = """
select p.person_key as person_id, v.hired_on, v.exited_on, v.notice_on, v.exit_kind,
    v.exit_reason, v.regretted, v.exit_inferred
from {0}.spell_version v inner join {0}.person p on v.person_no = p.person_no
where v.known_from <= {1} and v.known_to > {1}
"""
# An exit that the second run infers from absence is dated to the last file that had the person,
# which on the horizon itself says only that it came later.
_SPELLS = f"""
create or replace table told.spells as
with a as ({_KNOWN.format("half", "$first")}),
b as ({_KNOWN.format(f"{SECOND}.staging", "$second")}),
pairs as (
    select coalesce(a.person_id, b.person_id) as person_id,
        coalesce(a.hired_on, b.hired_on) as hired_on,
        a.person_id is not null as in_a, b.person_id is not null as in_b,
        a.exited_on as exited_a, b.exited_on as exited_b,
        a.notice_on as notice_a, b.notice_on as notice_b,
        {", ".join(f"{side}.{c} as {c}_{side}" for c in WHY for side in "ab")},
        coalesce(b.exit_inferred, false) as inferred_b
    from a full join b on a.person_id = b.person_id and a.hired_on = b.hired_on
)
select *,
    case
        when in_a and in_b then exited_a is distinct from exited_b
            and (coalesce(exited_a <= $day, false)
                or coalesce(exited_b < $day or (exited_b = $day and not inferred_b), false))
        else false
    end as exits,
    exited_a is not null and exited_b is not null and in_a and in_b
        and ({" or ".join(f"{c}_a is distinct from {c}_b" for c in WHY)}) as reasons,
    hired_on <= $day and in_a <> in_b as records
from pairs
"""

_MEANING = """
left join {0}.landed.exit_reasons {1} on lower(trim(r.exit_reason)) = {1}.reason
    and coalesce(try_cast(r.exited_on as date), r._delivered_on)
    between {1}.valid_from and {1}.valid_to
"""
# What the second run has landed, with the reasons of exits meaning what they did in the first.
_UNRECODED = f"""(
    select r.* replace (
        case when a.reason is not null and b.kind is not distinct from r.exit_kind
            then a.kind else r.exit_kind end as exit_kind,
        case when a.reason is not null and b.regretted is not distinct from r.regretted
            then a.regretted else r.regretted end as regretted
    )
    from {SECOND}.landed.employment r
    {_MEANING.format(FIRST, "a")}
    {_MEANING.format(SECOND, "b")}
)"""


def keep_half(engine: Engine) -> None:
    """Remember the first run's files as the second reads them, landed and as spells."""
    for contract in row_tables():
        engine.run(f"create table half.{contract.table} as from landed.{contract.table}")
    for table in ("spell_version", "person"):
        engine.run(f"create table half.{table} as from staging.{table}")
    for table in ABOUT_FILES:
        engine.run(f"create table half.{table} as from landed.{table}")


def horizon_of(engine: Engine, as_of: dt.date) -> dt.date:
    """The last day of which the first run could know at its study's date."""
    last: dt.date = engine.scalar(f"select last_delivered_on from {FIRST}.staging.horizon")
    return min(last, as_of)


def compare(engine: Engine, first: dt.date, second: dt.date) -> None:
    """Find what is restated, as the runs knew it at their studies' dates."""
    day = horizon_of(engine, first)
    engine.run(_SPELLS, {"day": day, "first": first, "second": second})
    for contract in row_tables():
        if contract.table != "employment":
            _compare_rows(engine, contract, day, first, second)


def _compare_rows(
    engine: Engine, contract: Contract, day: dt.date, first: dt.date, second: dt.date
) -> None:
    """The last row of each key in new files, where it speaks of the past and says otherwise."""
    table, columns = contract.table, content(contract)
    key = _key_of(contract)
    told = dict.fromkeys([*key, *columns])
    last = (
        "select * from {0}.{1} where _delivered_on <= ${2} qualify row_number() over "
        f"(partition by {', '.join(key)} order by _delivered_on desc, _seq desc) = 1"
    )
    sql = (
        f"create or replace table told.{table} as "
        f"with r as ({last.format(SECOND + '.landed', table, 'second')}), "
        f"k as ({last.format('half', table, 'first')}) "
        f"select r.* from r where {reading.is_common('r', not_so=True)} and {_PAST[table]} "
        f"and not exists (select 1 from k where {_alike('k', 'r', told)})"
    )
    given = {"day": day, "first": first, "second": second}
    engine.run(sql, {name: value for name, value in given.items() if f"${name}" in sql})


def _key_of(contract: Contract) -> list[str]:
    """The columns that tell the facts of a landed table apart."""
    return [*(contract.key or content(contract)), "_source"]


def _alike(one: str, two: str, columns: Iterable[str]) -> str:
    """The condition that both have the same in these columns, or nothing."""
    return " and ".join(f"{one}.{c} is not distinct from {two}.{c}" for c in columns)


def count_restated(engine: Engine) -> dict[str, int]:
    """Facts restated by cause, and under ``new_time`` the rows of files that are new.

    Where no file is new, those of files that are gone.
    """
    found = {
        cause: engine.scalar(f"select count(*) filter (where {cause}) from told.spells")
        for cause in BY_SPELL
    }
    for cause, tables in _ROWS.items():
        rows = sum(engine.scalar(f"select count(*) from told.{table}") for table in tables)
        found[cause] = found.get(cause, 0) + rows
    gone, new = (
        sum(
            engine.scalar(
                f"select count(*) from {run}.landed.{contract.table} x "
                f"where {reading.is_common('x', not_so=True)}"
            )
            for contract in row_tables()
        )
        for run in (FIRST, SECOND)
    )
    return {**found, "new_time": new or gone}


def show_half(engine: Engine, switched: frozenset[str], day: dt.date) -> None:
    """Make ``landed`` the first run's files with what is switched as the second run knows it."""
    for table in ABOUT_FILES:
        show(engine, table, f"from half.{table}")
    for table in WHOLE:
        show(engine, table, f"from {SECOND}.landed.{table}")
    restated = {t for cause, tables in _ROWS.items() if cause in switched for t in tables}
    for contract in row_tables():
        table = contract.table
        if table == "employment":
            gone = "records and not in_b" if "records" in switched else "false"
            show(engine, table, _employment("half.employment", switched, day, gone))
            continue
        sql = f"from half.{table}"
        if table in restated:
            sql += (
                f" union all select * replace ({_date(day)} as _delivered_on, "
                f"{_LATE} + _seq as _seq) from told.{table}"
            )
        show(engine, table, sql)


def show_second(engine: Engine, switched: frozenset[str], day: dt.date) -> None:
    """Make ``landed`` the second run's files, with what is not switched as the first run knew it.

    ``day``: the last day of which the second run could know.
    """
    reading.read_second(engine)
    kept = {t for cause, tables in _ROWS.items() if cause not in switched for t in tables}
    for contract in row_tables():
        if contract.table in kept:
            same = _alike("t", "x", _key_of(contract))
            told = f"exists (select 1 from told.{contract.table} t where {same})"
            show(
                engine,
                contract.table,
                f"select x.* from {SECOND}.landed.{contract.table} x "
                f"where {reading.is_common('x')} or not {told} union all "
                f"select x.* replace ({_LATE} + x._seq as _seq) from half.{contract.table} x "
                f"where {reading.is_common('x', not_so=True)} and {told}",
            )
    if not switched >= {*BY_SPELL}:
        gone = "false" if "records" in switched else "records and not in_a"
        base = f"{SECOND}.landed.employment" if "reasons" in switched else _UNRECODED
        sql = _employment(base, switched, day, gone, undo=True)
        show(engine, "employment", sql)


def _employment(
    base: str, switched: frozenset[str], day: dt.date, gone: str, *, undo: bool = False
) -> str:
    """Rows of employment and, behind them, a row for each spell that is told otherwise.

    ``undo``: what is not switched is told as the first run knew it; else what is switched as the
    second knows it.
    """
    moved = {c: c if (c in switched) is not undo else "false" for c in BY_SPELL}
    late = "in_a and not in_b" if undo else "in_b and not in_a"
    to, back = ("a", "b") if undo else ("b", "a")
    ends = f"({moved['exits']} or ({moved['records']} and {late}))"
    tells = f"({moved['reasons']} or ({ends} and exited_{back} is null))"
    side = f"case when {{0}} then {{1}}_{to} else {{1}}_{back} end"
    names = dict(zip(WHY, (side.format(tells, c) for c in WHY), strict=True))
    regretted = names["regretted"]
    return f"""
select x.* from {base} x where not exists (
    select 1 from told.spells t where {gone}
    and t.person_id = x.person_id and t.hired_on = cast(x.hired_on as date)
)
union all by name
select person_id, cast(hired_on as varchar) as hired_on,
    cast({side.format(ends, "exited")} as varchar) as exited_on,
    cast({side.format(ends, "notice")} as varchar) as notice_on,
    {names["exit_kind"]} as exit_kind, {names["exit_reason"]} as exit_reason,
    case {regretted} when true then 'yes' when false then 'no' end as regretted,
    cast(null as varchar) as status, cast(null as varchar) as _columns,
    {text(_MADE)} as _source, {text(_MADE)} as _file, {_date(day)} as _delivered_on,
    cast(0 as bigint) as _row,
    {_LATE} + row_number() over (order by person_id, hired_on) as _seq
from told.spells
where {moved["exits"]} or {moved["reasons"]} or ({moved["records"]} and {late})
"""


def _date(day: dt.date) -> str:
    return f"date {text(day.isoformat())}"
