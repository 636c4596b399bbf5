"""Finds rows that may repeat one another in a file of any size, before any are compared in full.

Nearly all rows are alone, and a hash of eight bytes tells so at a fraction of the memory and time
that comparing the rows takes. Only rows of the same hash need to be compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.engine import quote_identifier as ident
from pipelines.ingest import rules

if TYPE_CHECKING:
    from pipelines.engine import Engine
    from pipelines.ingest.mapping import Mapping

_REPEATS = "landing_repeats"


def possible(engine: Engine, load: Mapping, judged: str) -> bool:
    """Whether any two loaded rows may have the same key, and so perhaps the same content."""
    engine.run(
        f"create or replace temp table {_REPEATS} as select {_hash(load)} as hashed from {judged} "
        "where _outcome = 'loaded' group by hashed having count(*) > 1"
    )
    return bool(engine.scalar(f"select count(*) from {_REPEATS}"))


def among(load: Mapping) -> str:
    """The SQL condition of rows that may repeat another, as the last search found them."""
    return f"{_hash(load)} in (select hashed from {_REPEATS})"


def in_order(engine: Engine, judged: str) -> bool:
    """Whether the rows lie in the order of the file, so that they need not be sorted again."""
    return not engine.scalar(
        f"select count(*) from (select _row < lag(_row) over () as back from {judged}) where back"
    )


def _hash(load: Mapping) -> str:
    filled = load.columns()
    key = [name for name in load.contract.key if name in filled] or rules.content_columns(load)
    return f"hash({', '.join(map(ident, key))})"
