"""The SQL that judges staged rows: what is loaded, quarantined, excluded or repeated, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.engine import quote_identifier as ident
from pipelines.engine import quote_text as text
from pipelines.ingest.dates import date_sql, moment_sql
from pipelines.ingest.mapping import KEEP
from pipelines.ingest.numbers import scaled_sql
from pipelines.ingest.pseudonym import LINK_RULE, PERSON_COLUMN, PERSON_RULE
from pipelines.ingest.reason_rules import derived_columns

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
BEFORE_HIRE = "exit before the day of hire"
AFTER_EXIT = "after the person has left"
BEFORE_MATCH = "before the first match of the person"
OWN_MENTOR = "mentor and mentee are the same person"

# Tables of measured values: a line without a value says nothing and is left out.
_MEASURES = ("performance", "surveys")
_FLAGS = {"yes": ("yes", "true", "1", "1.0"), "no": ("no", "false", "0", "0.0")}


def judge_sql(mapping: Mapping, staged: str) -> str:
    """SQL for the ``staged`` rows in their order: canonical values, one outcome a row and why.

    Outcome is loaded, quarantined or excluded; ``_rule`` and ``_column`` say by what.
    """
    carried = [ident(name) for name in _carried(mapping)]
    return f"""
with canonical as (
    select {", ".join([*_values(mapping), *carried])}, {KEEP}, _row, {_moment(mapping)} as _moment
    from {staged}
),
ruled as (
    select *,
        case when {KEEP} is not null then [{KEEP}, ''] {_no_value(mapping)} end as _out,
        case {_cases(mapping)} end as _bad
    from canonical
)
select
    {", ".join([*map(ident, content_columns(mapping)), *carried])},
    _row,
    _moment,
    case
        when _out is not null then 'excluded' when _bad is not null then 'quarantined'
        else 'loaded'
    end as _outcome,
    coalesce(_out, _bad)[1] as _rule,
    coalesce(_out, _bad)[2] as _column
from ruled
"""


def _values(mapping: Mapping) -> list[str]:
    """Canonical values, then the given ones that rules judge, then what became of the person."""
    columns = _filled(mapping)
    values = [f"{_canonical(mapping, c)} as {ident(c.name)}" for c in columns]
    values += [f"cast(null as varchar) as {ident(name)}" for name in derived_columns(mapping)]
    values += [f"{ident(c.name)} as {ident('_given_' + c.name)}" for c in columns]
    if mapping.load.attributes:
        values.append(f"{_attributes(mapping)} as attributes")
    return values + ([PERSON_RULE, PERSON_COLUMN] if _has_person_rule(mapping) else [])


def _cases(mapping: Mapping) -> str:
    """Rules that quarantine a row, in the order of judging."""
    broken = [case for column in _filled(mapping) for case in _broken(column, mapping.load)]
    if mapping.contract.table == "employment" and "exited_on" in mapping.columns():
        broken.append(("exited_on < hired_on", BEFORE_HIRE, "exited_on"))
    cases = " ".join(
        f"when {when} then [{text(rule)}, {text(name)}]" for when, rule, name in broken
    )
    if _has_person_rule(mapping):
        return f"when {PERSON_RULE} is not null then [{PERSON_RULE}, {PERSON_COLUMN}] {cases}"
    return cases


def _filled(mapping: Mapping) -> list[Column]:
    filled = set(mapping.columns())
    return [c for c in mapping.contract.columns if c.role and c.name in filled]


def _carried(mapping: Mapping) -> list[str]:
    """Staged columns that are counted but not stored."""
    return [*mapping.several().values(), *(LINK_RULE + c for c in mapping.links())]


def _has_person_rule(mapping: Mapping) -> bool:
    return any(c.required and c.name in mapping.load.id_systems for c in _filled(mapping))


def _moment(mapping: Mapping) -> str:
    if "answered_on" not in mapping.columns():
        return "null"
    return moment_sql("answered_on", mapping.formats("answered_on"))


def _no_value(mapping: Mapping) -> str:
    if mapping.contract.table not in _MEASURES:
        return ""
    hidden = "and suppressed <> 'yes' " if mapping.load.suppressed else ""
    return f"when _given_value is null {hidden}then [{text(NO_VALUE)}, 'value']"


def content_columns(mapping: Mapping) -> list[str]:
    """The canonical columns that make up the content of a row."""
    attributes = ["attributes"] if mapping.load.attributes else []
    return mapping.columns() + attributes + derived_columns(mapping)


def vocabulary_sql(mapping: Mapping, column: Column, judged: str) -> str:
    """SQL for the distinct texts of a column that are outside its vocabulary."""
    accepted = _FLAGS if column.role == "flag" else column.accepted_values
    allowed = ", ".join(text(v) for v in accepted)
    name = ident(column.name)
    return (
        f"select distinct {name} from {judged} "
        f"where _outcome = 'loaded' and {name} not in ({allowed}) order by {name}"
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
        if shift := mapping.load.shift_days.get(column.name, 0):
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
