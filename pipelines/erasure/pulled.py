"""Pulled files without erased persons: the product wrote them, so it writes them anew.

Their names, what they say of themselves and the rows of others stay, so that the next pull goes on
where the last one ended. The tombstones lie beside them too: a row that is read again, or has
changed in the database, is left out of what is written.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from pipelines import publish
from pipelines.erasure import tombstones
from pipelines.erasure.tombstones import WHOSE, Erased
from pipelines.errors import Exit, UserError
from pipelines.keys import key_id, load_key, retired

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pipelines.config import Project
    from pipelines.delivery import Source
    from pipelines.erasure.tombstones import Record


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder of pulled files; raises :class:`UserError` at once where another does.

    A pull that is under way has asked who is left out, and writes who is erased meanwhile.
    """
    try:
        with FileLock(folder / ".pull.lock", timeout=0):
            yield
    except Timeout:
        problem = f"{folder}: another pull is writing there."
        raise UserError(problem, "Wait until it has ended.", Exit.BUSY) from None


def folders(project: Project, data: Path) -> list[Path]:
    """The folders of pulled files that are there."""
    found = [data / s.name for s in project.settings.sources if s.postgres is not None]
    return [folder for folder in found if folder.is_dir()]


def rewrite(project: Project, data: Path, gone: Record, key: bytes) -> list[Path]:
    """Write the pulled files that hold a row of an erased person anew; which they were.

    Each is written beside the old one and put in its place in one step. One that held nobody else
    goes: without rows it would be refused, and the next pull reads no other rows for want of it.
    """
    changed = []
    keys = retired(project.settings.project)
    for source in project.settings.sources:
        folder = data / source.name
        if source.postgres is None or not folder.is_dir() or not gone.persons:
            continue
        known = tombstones.read([folder], gone.key_id, keys)
        both = dict.fromkeys([*known.persons, *gone.persons])
        record = tombstones.Record(gone.key_id, tuple(both))
        tombstones.write(folder, record)
        erased = Erased(record, key, keys)
        paths = sorted(folder.glob(f"{source.name}_*.parquet"))
        changed += [path for path in paths if _rewritten(path, source, erased)]
    return changed


def erased_beside(folder: Path, project: str) -> Erased:
    """Whom the tombstones in a folder of pulled files leave out; nobody where there are none."""
    if not (folder / tombstones.FILE).is_file():
        return Erased(tombstones.Record(""), b"")
    key, _, _ = load_key(project)
    keys = retired(project)
    return Erased(tombstones.read([folder], key_id(project), keys), key, keys)


def without(table: pa.Table, source: Source, erased: Erased) -> pa.Table:
    """The rows of a source, all columns text, but those of erased persons.

    A row is a person's where a column that its loads read as ``person_id`` or ``mentee_id`` leads
    to them. In rows of others, cells that name an erased person are left empty; a number does so
    where the loads read an identifier alone.
    """
    if not erased:
        return table
    loads = [*(load.columns for load in source.loads), *(load.aliases for load in source.loads)]
    whose = {name for columns in loads for name in _headers(columns, WHOSE)}
    people = {name for columns in loads for name in _headers(columns, None)}
    gone = pa.repeat(pa.scalar(False), table.num_rows)
    columns = {}
    for name in table.column_names:
        cells = table.column(name).combine_chunks()
        named = _named(cells, erased, as_identifier=name in people)
        if name in whose:
            gone = pc.or_(gone, named)
        else:
            cells = pc.if_else(named, pa.scalar(None, cells.type), cells)
        columns[name] = cells
    return pa.table(columns, schema=table.schema).filter(pc.invert(gone))


def _headers(columns: Mapping[str, str | tuple[str, ...]], wanted: tuple[str, ...] | None) -> set:
    """The headers that are read as identifiers: the wanted columns, or all of persons."""
    found: set[str] = set()
    for column, headers in columns.items():
        if column in wanted if wanted else column.endswith("_id"):
            found |= {headers} if isinstance(headers, str) else {*headers}
    return found


def _named(cells: pa.Array, erased: Erased, *, as_identifier: bool) -> pa.Array:
    """Of each cell, whether it names an erased person; each distinct text is looked at once."""
    coded = pc.utf8_trim_whitespace(cells).dictionary_encode()
    texts = coded.dictionary
    told = [
        (as_identifier or not text.isdigit()) and erased.names(text) for text in texts.to_pylist()
    ]
    named = pa.array(told, pa.bool_())
    if as_identifier and len(texts):
        named = pc.or_(named, erased.anchored(texts))
    return named.take(coded.indices).fill_null(False)


def _rewritten(path: Path, source: Source, erased: Erased) -> bool:
    """Write a file without erased persons, unless it holds none of them; whether it did so."""
    partial = path.with_name(f".{path.name}.part")
    partial.unlink(missing_ok=True)
    with pq.ParquetFile(path) as old:
        tables = map(_table, old.iter_batches())
        if all(without(table, source, erased).equals(table) for table in tables):
            return False
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with (
            pq.ParquetFile(path) as old,
            os.fdopen(descriptor, "wb") as stream,
            pq.ParquetWriter(stream, old.schema_arrow) as writer,
        ):
            left = 0
            for batch in old.iter_batches():
                table = without(_table(batch), source, erased)
                writer.write_table(table)
                left += table.num_rows
            writer.add_key_value_metadata(old.metadata.metadata or {})
        if left:
            publish.settle(partial, path)
        else:
            path.unlink()
    finally:
        partial.unlink(missing_ok=True)
    return True


def _table(batch: pa.RecordBatch) -> pa.Table:
    return pa.Table.from_batches([batch])
