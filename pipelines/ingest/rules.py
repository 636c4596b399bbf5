"""The SQL that judges staged rows: what is loaded, quarantined, excluded or repeated, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.engine import quote_identifier as ident
from pipelines.engine import quote_text as text
from pipelines.ingest.dates import date_sql, moment_sql
from pipelines.ingest.mapping import KEEP
from pipelines.ingest.numbers import scaled_sql
from pipelines.ingest.pseudonym import LINK_RULE, PERSON_COLUMN, PERSON_RULE

if TYPE_CHECKING:
    from pipelines.delivery import Load
    from pipelines.ingest.mapping import Mapping
    from pipelines.models import Column

MISSING = "missing required value"
NO_VALUE = "no value"
BAD_DATE = "not a date in the declared format"
BAD_NUMBER = "not a finite number"
FAR_DATE = "date before 1900 or after 2199"
OUT_OF_RANGE = "outside the declared range"

# Tables of measured values: a line without a value says nothing and is left out.
_MEASURES = ("performance", "surveys")
_FLAGS = {"yes": ("yes", "true", "1", "1.0"), "no": ("no", "false", "0", "0.0")}


def judge_sql(mapping: Mapping, staged: str, judged: str) -> str:
    """SQL that makes ``judged`` of ``staged``: canonical values and one outcome a row.

    Outcome is loaded, quarantined or excluded; ``_rule`` and ``_column`` say by what.
    """
    filled = set(mapping.columns())
    columns = [c for c in mapping.contract.columns if c.role and c.name in filled]
    values = ", ".join(f"{_canonical(mapping, c)} as {ident(c.name)}" for c in columns)
    given = ", ".join(f"{ident(c.name)} as {ident('_given_' + c.name)}" for c in columns)
    moment = _moment(mapping)
    if mapping.load.attributes:
        values += f", {_attributes(mapping)} as attributes"
    person, links, cases = _person(mapping)
    broken = [case for column in columns for case in _broken(column, mapping.load)]
    cases += " ".join(f"when {when} then [{text(r)}, {text(n)}]" for when, r, n in broken)
    no_value = _no_value(mapping)
    return f"""
create or replace temp table {judged} as
with canonical as (
    select {values}, {given}{person}{links}, {KEEP}, _row, {moment} as _moment from {staged}
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
    _moment{links},
    case
        when _out is not null then 'excluded' when _bad is not null then 'quarantined'
        else 'loaded'
    end as _outcome,
    coalesce(_out, _bad)[1] as _rule,
    coalesce(_out, _bad)[2] as _column
from ruled
"""


def _moment(mapping: Mapping) -> str:
    """SQL for when a line was written, where lines of one day have an order."""
    if "answered_on" not in mapping.columns():
        return "null"
    return moment_sql("answered_on", mapping.formats("answered_on"))


def _no_value(mapping: Mapping) -> str:
    """The case of a measure without a value, which says nothing; a hidden one says that it is."""
    if mapping.contract.table not in _MEASURES:
        return ""
    hidden = "and suppressed <> 'yes' " if mapping.load.suppressed else ""
    return f"when _given_value is null {hidden}then [{text(NO_VALUE)}, 'value']"


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


def _person(mapping: Mapping) -> tuple[str, str, str]:
    """Staged columns that say whose person is not known, those of links left empty, and a case."""
    links = "".join(f", {ident(LINK_RULE + name)}" for name in mapping.links())
    columns = mapping.contract.columns
    required = {c.name for c in columns if c.required and c.role == "identifier"}
    if not required & mapping.load.id_systems.keys():
        return "", links, ""
    named = f"[{PERSON_RULE}, {PERSON_COLUMN}]"
    return (
        f", {PERSON_RULE}, {PERSON_COLUMN}",
        links,
        f"when {PERSON_RULE} is not null then {named} ",
    )


def _canonical(mapping: Mapping, column: Column) -> str:
    name = ident(column.name)
    if column.role in {"date", "month"}:
        month, pivot = column.role == "month", mapping.load.pivot
        days = [
            date_sql(name, form, column.name, month=month, pivot=pivot)
            for form in mapping.formats(column.name)
        ]
        day = f"coalesce({', '.join(days)})"
        if column.role == "month":
            day = f"date_trunc('month', {day})"
        return f"cast(cast({day} as date) as varchar)"
    if column.role == "flag":
        cases = " ".join(
            f"when lower({name}) in ({', '.join(map(text, given))}) then {text(flag)}"
            for flag, given in _FLAGS.items()
        )
        return f"case {cases} else {name} end"
    if column.role == "number":
        return scaled_sql(name, mapping.load, column.name)
    return f"lower({name})" if column.role == "vocabulary" else name


def _broken(column: Column, load: Load) -> list[tuple[str, str, str]]:
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
        number = f"try_cast({name} as double)"
        odd = f"{given} is not null and not coalesce(isfinite({number}), false)"
        cases.append((odd, BAD_NUMBER, column.name))
        if column.name in load.range:
            low, high = load.range[column.name]
            beyond = f"{number} < {low!r} or {number} > {high!r}"
            cases.append((beyond, OUT_OF_RANGE, column.name))
    return cases


def _attributes(mapping: Mapping) -> str:
    pairs = (f"{text(n)}, {ident(c)}" for n, c in mapping.attribute_columns().items())
    return f"cast(json_object({', '.join(pairs)}) as varchar)"
