"""Rows of link sources that came back corrected: the correction counts, not what it corrects."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import UserError
from pipelines.ingest.quarantine import FILE, KEPT, LEAVE_OUT, ROW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipelines.ingest.files import DeliveredFile
    from pipelines.sources import Batch, SourceTable

    Replaced = dict[tuple[str, str], set[str]]


def replaced(
    files: Sequence[DeliveredFile], read: Callable[[DeliveredFile], SourceTable]
) -> Replaced:
    """The places (tab and row) that later corrections answer, by source and file."""
    found: Replaced = {}
    landed: set[tuple[str, str]] = set()
    for file in files:
        landed.add((file.source.name, file.name))
        if not file.correction:
            continue
        try:
            told = _told(read(file))
        except UserError:  # said when its links are taken
            continue
        for name, place in told:
            if (file.source.name, name) in landed:
                found.setdefault((file.source.name, name), set()).add(place)
    return found


def without(file: DeliveredFile, table: SourceTable, replaced: Replaced) -> SourceTable:
    """The table without lines that a correction replaces or that are to be left out."""

    def batches() -> Iterator[Batch]:
        places = replaced.get((file.source.name, file.name), set())
        rows = pa.array([r for r in map(table.reading.row_of, places) if r], pa.int64())
        for batch in table.batches():
            kept = pc.invert(pc.is_in(batch.rows, value_set=rows))
            if file.correction and LEAVE_OUT in table.header:
                text = pc.fill_null(pc.utf8_trim_whitespace(batch.columns[LEAVE_OUT]), "")
                kept = pc.and_(kept, pc.is_in(text, value_set=pa.array(KEPT)))
            yield batch.where(kept)

    return replace(table, batches=batches)


def _told(table: SourceTable) -> list[tuple[str, str]]:
    """File and place of every line of a correction that names them."""
    if not {FILE, ROW} <= set(table.header):
        return []
    return [
        (name, place)
        for batch in table.batches()
        for name, place in zip(
            batch.columns[FILE].to_pylist(), batch.columns[ROW].to_pylist(), strict=True
        )
        if name and place
    ]
