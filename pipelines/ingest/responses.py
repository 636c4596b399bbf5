"""Which of several responses of one person counts: the last complete one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.engine import quote_text as text

if TYPE_CHECKING:
    from pipelines.ingest.mapping import Mapping

SUPERSEDED = "superseded by a later response"


def supersede_sql(mapping: Mapping, judged: str) -> str:
    """SQL that leaves out every response of a person to a wave but the last complete one.

    A wide file holds a response in one row, so the row counts as a whole; a long file holds an
    item in one row, so each item counts by itself. A response of unknown status is complete.
    """
    columns = set(mapping.columns())
    one = ["person_id", "instrument", "wave"]
    if not mapping.load.unpivot:
        one.append("item")
    complete = "coalesce(status, 'complete') = 'complete'" if "status" in columns else "true"
    return f"""
update {judged}
set _outcome = 'excluded', _rule = {text(SUPERSEDED)}, _column = ''
where rowid in (
    select line from (
        select
            rowid as line,
            dense_rank() over (
                partition by {", ".join(one)}
                order by {complete} desc, _moment desc nulls last, _row desc
            ) as place
        from {judged}
        where _outcome = 'loaded'
    ) as ranked
    where place > 1
)
"""
