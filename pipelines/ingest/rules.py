"""The SQL that judges staged rows: what is loaded, quarantined, excluded or repeated, and why."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.engine import quote_identifier as ident
from pipelines.engine import quote_text as text
from pipelines.errors import Exit, UserError
from pipelines.ingest.mapping import KEEP

if TYPE_CHECKING:
    from pipelines.ingest.mapping import Mapping
    from pipelines.models import Column

MISSING = "missing required value"
NO_VALUE = "no value"
BAD_DATE = "not a date in the declared format"
BAD_NUMBER = "not a finite number"
FAR_DATE = "date before 1900 or after 2199"
CONFLICT = "two rows with the same key differ"
UNMAPPED = "exit reason not in the mapping"

_MONTHS_SINCE = re.compile(r"months since (\d{4})-(0[1-9]|1[0-2])")
_STRPTIME = re.compile(r"([^%]*%-?[aAbBdfHIjmMpSyYzZ])+[^%]*")
_ISO = r"^\d{4}-\d{2}-\d{2}([T ]00:00(:00(\.0+)?)?Z?)?$"
_ISO_MONTH = r"^\d{4}-\d{2}$"
_WHOLE = r"^[+-]?\d{1,5}(\.0*)?$"
_FLAGS = {"yes": ("yes", "true", "1", "1.0"), "no": ("no", "false", "0", "0.0")}


def judge_sql(mapping: Mapping, staged: str, judged: str) -> str:
    """SQL that makes ``judged`` of ``staged``: canonical values, and each row's outcome and why."""
    filled = set(mapping.columns())
    columns = [c for c in mapping.contract.columns if c.role and c.name in filled]
    values = ", ".join(f"{_canonical(mapping, c)} as {ident(c.name)}" for c in columns)
    values += _derived(mapping)
    given = ", ".join(f"{ident(c.name)} as {ident('_given_' + c.name)}" for c in columns)
    if mapping.load.attributes:
        values += f", {_attributes(mapping)} as attributes"
    cases = " ".join(
        f"when {when} then [{text(rule)}, {text(name)}]"
        for column in columns
        for when, rule, name in _broken(column)
    )
    valued = mapping.contract.table == "performance"
    no_value = f"when _given_value is null then [{text(NO_VALUE)}, 'value']" if valued else ""
    return f"""
create or replace temp table {judged} as
with canonical as (
    select {values}, {given}, {KEEP}, _row from {staged}
),
ruled as (
    select *,
        case when {KEEP} is not null then [{KEEP}, ''] {no_value} end as _out,
        case {cases} end as _bad
    from canonical
)
select
    {", ".join(ident(c) for c in content_columns(mapping))},
    _row,
    case
        when _out is not null then 'excluded' when _bad is not null then 'quarantined'
        else 'loaded'
    end as _outcome,
    coalesce(_out, _bad)[1] as _rule,
    coalesce(_out, _bad)[2] as _column
from ruled
"""


def content_columns(mapping: Mapping) -> list[str]:
    """The canonical columns that make up the content of a row."""
    attributes = ["attributes"] if mapping.load.attributes else []
    return mapping.columns() + attributes + derived_columns(mapping)


def derived_columns(mapping: Mapping) -> list[str]:
    """The columns that follow from the reason of exit where the file gives that alone."""
    filled = mapping.columns()
    if mapping.contract.table != "employment" or "exit_reason" not in filled:
        return []
    return [name for name in ("exit_kind", "regretted") if name not in filled]


def meanings_sql(mapping: Mapping, judged: str) -> str:
    """SQL that fills kind and regret of exits from the landed mapping of reasons."""
    exited = "try_cast(judged.exited_on as date)" if "exited_on" in mapping.columns() else "null"
    return f"""
create or replace temp table {judged} as
select judged.* replace (
    coalesce(judged.exit_kind, meaning.kind) as exit_kind,
    coalesce(judged.regretted, meaning.regretted) as regretted
)
from {judged} as judged
left join landed.exit_reasons as meaning
    on lower(trim(judged.exit_reason)) = meaning.reason
    and coalesce({exited}, cast($day as date)) between meaning.valid_from and meaning.valid_to
"""


def unmapped_condition(mapping: Mapping) -> str:
    """The SQL condition of loaded exits whose reason has no kind."""
    gone = [
        condition
        for column, condition in (
            ("exited_on", "exited_on is not null"),
            ("status", "status = 'terminated'"),
        )
        if column in mapping.columns()
    ]
    left = " or ".join(gone) or "true"
    return f"_outcome = 'loaded' and exit_reason is not null and exit_kind is null and ({left})"


def conflicts_sql(mapping: Mapping, judged: str) -> tuple[str, str] | None:
    """SQL that counts keys whose rows differ, and SQL that quarantines all rows of such keys."""
    key = [name for name in mapping.contract.key if name in mapping.columns()]
    if not key:
        return None
    names = ", ".join(map(ident, key))
    count = f"""
select count(*) from (
    select 1 from {judged} where _outcome = 'loaded' group by {names} having count(*) > 1
)
"""
    set_aside = f"""
create or replace temp table {judged} as
select * exclude (_rivals) replace (
    case when _rivals > 1 then 'quarantined' else _outcome end as _outcome,
    case when _rivals > 1 then {text(CONFLICT)} else _rule end as _rule,
    case when _rivals > 1 then {text(", ".join(key))} else _column end as _column
)
from (
    select *,
        case when _outcome = 'loaded' then count(*) over (partition by {names}, _outcome) end
            as _rivals
    from {judged}
)
"""
    return count, set_aside


def vocabulary_sql(mapping: Mapping, column: Column, judged: str) -> str:
    """SQL for the distinct texts of a column that are outside its vocabulary."""
    accepted = _FLAGS if column.role == "flag" else column.accepted_values
    allowed = ", ".join(text(v) for v in accepted)
    name = ident(column.name)
    return (
        f"select distinct {name} from {judged} "
        f"where _outcome = 'loaded' and {name} not in ({allowed}) order by {name}"
    )


def date_sql(given: str, form: str, key: str, *, month: bool = False) -> str:
    """SQL for the date in a text column by its declared format; null when it is not one."""
    since = _MONTHS_SINCE.fullmatch(form)
    if since:
        months = f"case when regexp_matches({given}, {text(_WHOLE)}) then {given} end"
        origin = f"date '{since[1]}-{since[2]}-01'"
        return f"cast({origin} + to_months(cast(cast({months} as double) as integer)) as date)"
    if form == "iso":
        day = f"when regexp_matches({given}, {text(_ISO)}) then try_cast({given}[1:10] as date)"
        if month:
            first = f"try_cast({given} || '-01' as date)"
            day += f" when regexp_matches({given}, {text(_ISO_MONTH)}) then {first}"
        return f"case {day} end"
    if not _STRPTIME.fullmatch(form):
        problem = f"formats: {key}: {form!r} is not a date format."
        fix = "Write iso, a format such as '%d.%m.%Y', or 'months since 2014-01'."
        raise UserError(problem, fix, Exit.PROJECT)
    return f"cast(try_strptime({given}, {text(form)}) as date)"


def _canonical(mapping: Mapping, column: Column) -> str:
    name = ident(column.name)
    if column.role in {"date", "month"}:
        form = mapping.load.formats.get(column.name, "iso")
        day = date_sql(name, form, column.name, month=column.role == "month")
        shift = mapping.load.shift_days.get(column.name, 0)
        if shift:
            day = f"({day}) + {shift}"
        if column.role == "month":
            day = f"date_trunc('month', {day})"
        return f"cast(cast({day} as date) as varchar)"
    if column.role == "flag":
        cases = " ".join(
            f"when lower({name}) in ({', '.join(map(text, given))}) then {text(flag)}"
            for flag, given in _FLAGS.items()
        )
        return f"case {cases} else {name} end"
    return f"lower({name})" if column.role == "vocabulary" else name


def _broken(column: Column) -> list[tuple[str, str, str]]:
    """(condition, rule, column) of every rule a column can break, in the order of judging."""
    name, given = ident(column.name), ident("_given_" + column.name)
    cases = []
    if column.required:
        cases.append((f"{given} is null", MISSING, column.name))
    if column.role in {"date", "month"}:
        cases.append((f"{given} is not null and {name} is null", BAD_DATE, column.name))
        far = f"{name} < '1900-01-01' or {name} > '2199-12-31'"
        cases.append((far, FAR_DATE, column.name))
    if column.role == "number":
        number = f"try_cast({given} as double)"
        odd = f"{given} is not null and not coalesce(isfinite({number}), false)"
        cases.append((odd, BAD_NUMBER, column.name))
    return cases


def _derived(mapping: Mapping) -> str:
    names = derived_columns(mapping)
    return "".join(f", cast(null as varchar) as {ident(name)}" for name in names)


def _attributes(mapping: Mapping) -> str:
    pairs = (f"{text(n)}, {ident(c)}" for n, c in mapping.attribute_columns().items())
    return f"cast(json_object({', '.join(pairs)}) as varchar)"
