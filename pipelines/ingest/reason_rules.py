"""The SQL that gives exits the kind their reason stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.ingest.mapping import Mapping

UNMAPPED = "exit reason not in the mapping"


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
