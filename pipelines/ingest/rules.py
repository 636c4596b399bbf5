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

_MONTHS_SINCE = re.compile(r"months since (\d{4})-(0[1-9]|1[0-2])")
_STRPTIME = re.compile(r"([^%]*%-?[aAbBdfHIjmMpSyYzZ])+[^%]*")
# A day, or its midnight in UTC or without a zone; other times of day are never made a date.
_ISO = r"^\d{4}-\d{2}-\d{2}([T ]00:00(:00(\.0+)?)?(Z|\+00(:?00)?)?)?$"
_ISO_MONTH = r"^\d{4}-\d{2}$"
_WHOLE = r"^[+-]?\d{1,5}(\.0*)?$"
_FLAGS = {"yes": ("yes", "true", "1", "1.0"), "no": ("no", "false", "0", "0.0")}


def judge_sql(mapping: Mapping, staged: str, judged: str) -> str:
    """SQL that makes ``judged`` of ``staged``: canonical values and one outcome a row.

    Outcome is loaded, quarantined or excluded; ``_rule`` and ``_column`` say by what.
    """
    filled = set(mapping.columns())
    columns = [c for c in mapping.contract.columns if c.role and c.name in filled]
    values = ", ".join(f"{_canonical(mapping, c)} as {ident(c.name)}" for c in columns)
    given = ", ".join(f"{ident(c.name)} as {ident('_given_' + c.name)}" for c in columns)
    if mapping.load.attributes:
        values += f", {_attributes(mapping)} as attributes"
    broken = [case for column in columns for case in _broken(column)]
    cases = " ".join(
        f"when {when} then [{text(rule)}, {text(name)}]" for when, rule, name in broken
    )
    no_value = ""
    if mapping.contract.table == "performance":
        no_value = f"when _given_value is null then [{text(NO_VALUE)}, 'value']"
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
    return mapping.columns() + (["attributes"] if mapping.load.attributes else [])


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


def _attributes(mapping: Mapping) -> str:
    pairs = (f"{text(n)}, {ident(c)}" for n, c in mapping.attribute_columns().items())
    return f"cast(json_object({', '.join(pairs)}) as varchar)"
