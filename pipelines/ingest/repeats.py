"""Rows that say the same twice, and rows of one key that contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.engine import quote_identifier as ident
from pipelines.engine import quote_text as text
from pipelines.ingest import rules

if TYPE_CHECKING:
    from pipelines.engine import Engine
    from pipelines.ingest.mapping import Mapping

CONFLICT = "two rows with the same key differ"
_REPEATS = "landing_repeats"


def settle(engine: Engine, load: Mapping, judged: str) -> int:
    """Drop exact duplicates but the first, quarantine contradictions; the number dropped.

    Nearly all rows are alone, and hashes of eight bytes tell so at a fraction of the memory that
    comparing rows takes. Only rows of one hash are compared in full.
    """
    candidate = f"_outcome = 'loaded' and {_key_hash(load)} in (select hashed from {_REPEATS})"
    engine.run(
        f"create or replace temp table {_REPEATS} as select {_key_hash(load)} as hashed "
        f"from {judged} where _outcome = 'loaded' group by hashed having count(*) > 1"
    )
    if not engine.scalar(f"select count(*) from {_REPEATS}"):
        return 0
    dropped = _drop_duplicates(engine, load, judged, candidate)
    _set_conflicts_aside(engine, load, judged, candidate)
    return dropped


def in_order(engine: Engine, judged: str) -> bool:
    """Whether the rows lie in the order of the file, so that they need not be sorted again."""
    return not engine.scalar(
        f"select count(*) from (select _row < lag(_row) over () as back from {judged}) where back"
    )


def _key_hash(load: Mapping) -> str:
    """SQL for a hash that rows of the same key share, and so rows of the same content as well."""
    key = _key(load) or rules.content_columns(load)
    return f"hash({', '.join(map(ident, key))})"


def _key(load: Mapping) -> list[str]:
    filled = load.columns()
    return [name for name in load.contract.key if name in filled]


def _drop_duplicates(engine: Engine, load: Mapping, judged: str, candidate: str) -> int:
    content = ", ".join(map(ident, rules.content_columns(load)))
    loaded = f"select {content}, _row, rowid as _line from {judged} where {candidate}"
    repeated = engine.scalar(
        f"select coalesce(sum(n - 1), 0) from (select count(*) as n from ({loaded}) "
        f"group by {content} having count(*) > 1)"
    )
    if repeated:
        engine.run(
            f"delete from {judged} where {candidate} and rowid not in "
            f"(select min_by(_line, _row) from ({loaded}) group by {content})"
        )
    return int(repeated)


def _set_conflicts_aside(engine: Engine, load: Mapping, judged: str, candidate: str) -> None:
    """Quarantine rows of one key that differ otherwise: which is right, HR alone knows."""
    key = _key(load)
    if not key:
        return
    names = ", ".join(map(ident, key))
    engine.run(
        f"update {judged} set _outcome = 'quarantined', _rule = {text(CONFLICT)}, "
        f"_column = {text(', '.join(key))} where rowid in (select unnest(lines) from ("
        f"select list(rowid) as lines from {judged} where {candidate} "
        f"group by {names} having count(*) > 1))"
    )
