"""Rows that contradict what other files say: set aside once every file has landed.

A result, an answer or a meeting after the person has left, a meeting before the first match, a
mentor of oneself. Managers in a circle manage nobody: the links are left empty, the rows kept.
A row is judged by what had been delivered by its own date, so that later files change no past.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipelines import models
from pipelines.ingest import ledger
from pipelines.ingest.report import RuleCount
from pipelines.ingest.rules import AFTER_EXIT, BEFORE_MATCH, OWN_MENTOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.engine import Engine
    from pipelines.ingest.report import FileReport

CIRCLE = "managers in a circle"

# The last day of those who have left for good, and from when until when it was known; whose exit is
# only inferred from their absence may have stayed.
_LEFT = """
create or replace temp table crossing_left as
with versions as (
    select persons.person_key as person_id, spells.known_from, spells.known_to,
        case when spells.exit_inferred then null else spells.exited_on end as exited_on
    from staging.employment_spell as spells
    inner join staging.person as persons on spells.person_no = persons.person_no
),
changes as (
    select person_id, known_from as known_at from versions
    union
    select person_id, known_to as known_at from versions
),
spans as (
    select person_id, known_at as known_from,
        lead(known_at) over (partition by person_id order by known_at) as known_to
    from changes
)
select spans.person_id, spans.known_from, spans.known_to, max(versions.exited_on) as day
from spans
inner join versions
    on spans.person_id = versions.person_id
    and versions.known_from <= spans.known_from and versions.known_to > spans.known_from
group by spans.person_id, spans.known_from, spans.known_to
having count(*) = count(versions.exited_on)
"""
_NOBODY_LEFT = (
    "create or replace temp table crossing_left "
    "(person_id varchar, known_from date, known_to date, day date)"
)


@dataclass(frozen=True)
class _Rule:
    """Rows of one landed table that break a rule by one column; ``broken`` reads ``landed.*``."""

    table: str
    column: str
    rule: str
    broken: str


def _after_exit(table: str, column: str, *, month: bool = False) -> _Rule:
    day = f"cast(facts.{column} as date)"
    left = "date_trunc('month', crossing_left.day)" if month else "crossing_left.day"
    broken = (
        f"select facts._seq from landed.{table} as facts inner join crossing_left "
        "on facts.person_id = crossing_left.person_id "
        "and facts._delivered_on >= crossing_left.known_from "
        f"and facts._delivered_on < crossing_left.known_to where {day} > {left}"
    )
    return _Rule(table, column, AFTER_EXIT, broken)


_BEFORE_MATCH = """
select facts._seq from landed.sessions as facts
inner join landed.matches as pairs
    on facts.person_id = pairs.mentee_id and facts.programme = pairs.programme
    and pairs._delivered_on <= facts._delivered_on
group by facts._seq, facts.held_on
having cast(facts.held_on as date) < min(cast(pairs.matched_on as date))
"""

_RULES = (
    _Rule(
        "matches",
        "mentor_id",
        OWN_MENTOR,
        "select _seq from landed.matches where mentor_id = mentee_id",
    ),
    _after_exit("performance", "period", month=True),
    _after_exit("surveys", "answered_on"),
    _Rule("sessions", "held_on", BEFORE_MATCH, _BEFORE_MATCH),
    _after_exit("sessions", "held_on"),
)


def settle(engine: Engine, files: Sequence[FileReport]) -> list[FileReport]:
    """The reports of the files once rows that contradict other files are set aside."""
    moved: dict[tuple[str, str, str], list[RuleCount]] = {}
    if engine.scalar("select count(*) from landed.employment"):
        models.build_some(engine, ("staging.person", "staging.employment_spell"))
        engine.run(_LEFT)
        engine.run("drop schema staging cascade")
    else:
        engine.run(_NOBODY_LEFT)
    for rule in _RULES:
        for source, file, rows in _set_aside(engine, rule):
            count = RuleCount("quarantined", rule.rule, rule.column, rows)
            moved.setdefault((source, file, rule.table), []).append(count)
    for source, file, rows in _unlink_circles(engine):
        count = RuleCount("link", CIRCLE, "manager_id", rows)
        moved.setdefault((source, file, "jobs"), []).append(count)
    return [_counted(file, moved) for file in files]


def _set_aside(engine: Engine, rule: _Rule) -> list[tuple[str, str, int]]:
    """Move the rows that break a rule into the quarantine; how many of each file."""
    engine.run(f"create or replace temp table crossing_rows as {rule.broken}")
    found = engine.rows(
        f"select _source, _file, count(*) from landed.{rule.table} "
        "where _seq in (select _seq from crossing_rows) group by all order by all"
    )
    if not found:
        return []
    person = "mentee_id" if rule.table == "matches" else "person_id"
    engine.run(
        "insert into landed.quarantine (_source, _file, _row, table_name, rule, column_name, "
        f"person_id, _delivered_on) select _source, _file, _row, $table_name, $rule, $column, "
        f"{person}, _delivered_on from landed.{rule.table} "
        "where _seq in (select _seq from crossing_rows) order by _seq",
        {"table_name": rule.table, "rule": rule.rule, "column": rule.column},
    )
    for source, file, rows in found:
        ledger.set_aside(engine, source, file, rows)
    engine.run(f"delete from landed.{rule.table} where _seq in (select _seq from crossing_rows)")
    return [(source, file, rows) for source, file, rows in found]


def _unlink_circles(engine: Engine) -> list[tuple[str, str, int]]:
    """Empty the managers of rows that lead back to their person; how many rows of each file.

    Of each delivery the last row of a person counts: an older link closes no circle.
    """
    links = engine.arrow(
        "select _seq, concat_ws(chr(31), _source, _delivered_on, person_id) as person, "
        "concat_ws(chr(31), _source, _delivered_on, manager_id) as manager from ("
        "select *, row_number() over (partition by _source, _delivered_on, person_id "
        "order by valid_from desc, _seq desc) as place from landed.jobs) as placed "
        "where place = 1 and manager_id is not null order by _seq"
    )
    if not len(links):
        return []
    names = pa.concat_arrays(
        [chunk for name in ("person", "manager") for chunk in links[name].chunks]
    ).dictionary_encode()
    codes = names.indices.to_numpy()
    start, end = codes[: len(links)], codes[len(links) :]
    size = len(names.dictionary)
    graph = coo_array((np.ones(len(start)), (start, end)), shape=(size, size))
    _, part = connected_components(graph, directed=True, connection="strong")
    circle = (part[start] == part[end]) & ((np.bincount(part)[part[start]] > 1) | (start == end))
    if not circle.any():
        return []
    rows = pa.table({"_seq": links["_seq"].to_numpy()[circle]})
    engine.register("crossing_circles", rows)
    found = engine.rows(
        "select _source, _file, count(*) from landed.jobs "
        "where _seq in (select _seq from crossing_circles) group by all order by all"
    )
    engine.run(
        "update landed.jobs set manager_id = null where _seq in (select _seq from crossing_circles)"
    )
    engine.unregister("crossing_circles")
    return [(source, file, count) for source, file, count in found]


def _counted(report: FileReport, moved: dict[tuple[str, str, str], list[RuleCount]]) -> FileReport:
    loads = []
    for load in report.loads:
        counts = moved.get((report.source, report.file, load.table), [])
        gone = [c for c in counts if c.outcome == "quarantined"]
        rows = sum(c.rows for c in gone)
        loads.append(
            replace(
                load,
                loaded=load.loaded - rows,
                quarantined=load.quarantined + rows,
                rules=(*load.rules, *gone),
                blanked=(*load.blanked, *(c for c in counts if c.outcome == "link")),
            )
        )
    return replace(report, loads=tuple(loads))
