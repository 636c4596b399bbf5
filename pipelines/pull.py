"""Pulls what databases hold into the data folder: each pull is an immutable delivered file.

What has been pulled is known from the files alone: each carries its watermark. So there is no other
state, and a run stays a function of the delivered files.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from functools import partial as partial_of
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines import durable
from pipelines.erasure.pulled import alone, erased_beside, without
from pipelines.errors import Exit, UserError
from pipelines.sources.postgres import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipelines.config import Project
    from pipelines.delivery import Postgres, Source
    from pipelines.erasure.tombstones import Erased
    from pipelines.sources.postgres import Row, Snapshot

_KEY = b"mentorlift"
_DIGITS = 20  # of a watermark in a file's name: year to microsecond


@dataclass(frozen=True)
class Delivery:
    """What a pulled file says of itself."""

    number: int
    asked: str  # a hash of what was asked for
    watermark: str  # the latest change up to then, by the database
    content: str  # a hash of all rows, of files that hold a whole table


def pull(project: Project, data: Path, say: Callable[[str], None]) -> list[Path]:
    """Pull every source that is a database; the files that were written.

    Raises :class:`UserError`, which never holds credentials, and then leaves no file of that
    source behind.
    """
    written = []
    for source in project.settings.sources:
        if source.postgres is not None:
            folder = data / source.name
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with alone(folder):
                erased = erased_beside(folder, project.settings.project)
                path = _pull(source, project.folder, folder, erased, say)
            written += [path] if path else []
    return written


def is_pulled(project: Project) -> bool:
    """Whether any source of the project is a database."""
    return any(source.postgres is not None for source in project.settings.sources)


def _pull(
    source: Source, project: Path, folder: Path, erased: Erased, say: Callable[[str], None]
) -> Path | None:
    spec = source.postgres
    assert spec is not None
    asked = _asked(spec, project)
    earlier = {path: _read(path) for path in sorted(folder.glob(f"{source.name}_*.parquet"))}
    for path, delivery in earlier.items():
        _check_same(source, path, delivery, asked)
    last = max(earlier.values(), key=lambda d: d.number, default=None)
    partial = folder / f".{source.name}.parquet.part"
    try:
        with snapshot(source.name, spec, project) as view, durable.naming(partial):
            known = _Known(list(earlier), spec, view, last)
            kept = partial_of(without, source=source, erased=erased)
            rows, delivery = _write(partial, view, known, last, asked, kept)
        if rows == 0 or (last and delivery.content and delivery.content == last.content):
            since = f" since {last.watermark}" if last else ": there are no rows"
            say(f"{source.name}: nothing new{since}")
            return None
        target = folder / _file_name(source.name, delivery)
        durable.place(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    say(f"{source.name}: {rows:,} rows pulled into {target.name}")
    return target


def _write(
    partial: Path,
    view: Snapshot,
    known: _Known,
    last: Delivery | None,
    asked: str,
    kept: Callable[[pa.Table], pa.Table],
) -> tuple[int, Delivery]:
    """Write the rows that no earlier file holds, as far as they are ``kept``; how many, and what
    the file says of itself.
    """
    spec = view.spec
    names = spec.selected()
    schema = pa.schema([(name, pa.string()) for name in names])
    place = names.index(spec.updated_at) if spec.updated_at else None
    latest = last.watermark if last and place is not None else ""
    content, seen, count = hashlib.sha256(), 0, 0
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream, pq.ParquetWriter(stream, schema) as writer:
        for batch in view.rows(last.watermark if last and place is not None else None):
            seen += len(batch)
            if place is None:
                content.update(repr(batch).encode())
            else:
                # A change dated later than the server's own clock cannot have been seen yet.
                times = [row[place] for row in batch]
                latest = max([latest, *(t for t in times if t and "0" <= t <= view.now)])
            fresh = known.without(batch)
            columns = list(zip(*fresh, strict=True)) or [()] * len(names)
            rows = kept(pa.table([pa.array(c, pa.string()) for c in columns], schema=schema))
            writer.write_table(rows)
            count += rows.num_rows
        if seen and place is not None and not latest:
            raise _no_times(view)
        whole = content.hexdigest() if place is None else ""
        delivery = Delivery(last.number + 1 if last else 1, asked, latest or view.now, whole)
        writer.add_key_value_metadata({_KEY: json.dumps(delivery.__dict__)})
    durable.flush(partial, partial)
    return count, delivery


class _Known:
    """The rows of earlier files that a pull may read again, kept as 128-bit hashes."""

    def __init__(
        self, files: list[Path], spec: Postgres, view: Snapshot, last: Delivery | None
    ) -> None:
        hashes = [b""]
        if last and spec.updated_at:
            bound = view.overlap(last.watermark)
            for path in files:
                hashes += [_hash(row) for row in _read_again(path, spec, bound)]
        table = _pairs(b"".join(hashes))
        self._table = table[np.lexsort((table["low"], table["high"]))]

    def without(self, rows: list[Row]) -> list[Row]:
        """The rows that are not known."""
        if not len(self._table):
            return rows
        asked = _pairs(b"".join(map(_hash, rows)))
        place = np.searchsorted(self._table["high"], asked["high"])
        found = self._table[place.clip(max=len(self._table) - 1)] == asked
        return [row for row, seen in zip(rows, found, strict=True) if not seen]


def _hash(row: Row) -> bytes:
    return hashlib.blake2b(repr(row).encode(), digest_size=16).digest()


def _pairs(hashes: bytes) -> np.ndarray:
    return np.frombuffer(hashes, dtype=[("high", "<u8"), ("low", "<u8")])


def _read_again(path: Path, spec: Postgres, bound: str) -> Iterator[Row]:
    """Rows of a pulled file that the bound of the next pull lets in again."""
    names = list(spec.selected())
    place = names.index(str(spec.updated_at))
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=20_000, columns=names):
            times = batch.column(place)
            again = batch.filter(pc.or_kleene(pc.is_null(times), pc.greater_equal(times, bound)))
            columns = [again.column(name).to_pylist() for name in names]
            yield from zip(*columns, strict=True)


def _read(path: Path) -> Delivery:
    found: bytes | None = None
    try:
        metadata = pq.read_metadata(path).metadata or {}
        found = metadata.get(_KEY)
    except (pa.ArrowException, OSError):
        pass
    if found is None:
        problem = f"{path.name}: not a file a pull has written, or it is damaged."
        fix = "Restore it from a backup, or move all files of this folder away to pull it all anew."
        raise UserError(problem, fix)
    return Delivery(**json.loads(found))


def _check_same(source: Source, path: Path, delivery: Delivery, asked: str) -> None:
    if delivery.asked != asked:
        problem = f"Source {source.name}: asks for something else than {path.name} holds."
        fix = (
            "Give the changed source a new name, or move the files of its folder away: the next "
            "pull then reads everything."
        )
        raise UserError(problem, fix, Exit.PROJECT)


def _asked(spec: Postgres, project: Path) -> str:
    """A hash of table or query, columns, key and updated_at: what a file holds depends on them."""
    query = ""
    if spec.query_file and (project / spec.query_file).is_file():
        query = (project / spec.query_file).read_text(encoding="utf-8")
    what = [spec.table, query, spec.columns, spec.key, spec.updated_at]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def _file_name(source: str, delivery: Delivery) -> str:
    """SOURCE_DATE_WATERMARK_NUMBER.parquet: in the order of delivery when sorted by name."""
    moment = delivery.watermark.split("+")[0]
    digits = "".join(filter(str.isdigit, moment)).ljust(_DIGITS, "0")
    return f"{source}_{delivery.watermark[:10]}_{digits}_{delivery.number:06d}.parquet"


def _no_times(view: Snapshot) -> UserError:
    column = view.spec.updated_at
    problem = f"Source {view.source}: no row holds a time in {column!r} that is not in the future."
    return UserError(problem, "Leave updated_at out: each pull then reads the whole table.")
