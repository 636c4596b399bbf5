"""What was delivered: a row for each file in the warehouse, and a memory across runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipelines import versions
from pipelines.errors import UserError
from pipelines.workspace import write_json

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipelines.engine import Engine
    from pipelines.ingest.files import DeliveredFile, RefusedFile, SkippedFile
    from pipelines.ingest.report import FileReport

_COUNTS = ("rows_in", "loaded", "quarantined", "excluded", "duplicates")


def store(engine: Engine, reports: Sequence[FileReport], refused: Sequence[RefusedFile]) -> None:
    """Note the files of one delivery in ``landed.deliveries``.

    Where a part of a full delivery was refused, absence from the others says nothing: they count
    as a delta.
    """
    broken = any(file.contents == "full" for file in refused)
    rows = []
    for report in reports:
        file = report.delivered
        contents = "delta" if broken and file.contents == "full" else file.contents
        window = file.source.window_days if contents == "rolling" else None
        counts = {name: report.rows_of(name) for name in _COUNTS}
        row = _row(file.source.name, file.name, file.sha256, file.delivered_on, contents)
        rows.append(row | {"window_days": window, "outcome": "accepted"} | counts)
    _insert(engine, [*rows, *map(_refused, refused)])


def set_aside(engine: Engine, source: str, file: str, rows: int) -> None:
    """Note that rows which had been loaded were put into quarantine after all."""
    engine.run(
        "update landed.deliveries set loaded = loaded - $rows, quarantined = quarantined + $rows "
        "where source = $source and file = $file",
        {"source": source, "file": file, "rows": rows},
    )


def store_left_out(
    engine: Engine, skipped: Sequence[SkippedFile], refused: Sequence[RefusedFile]
) -> None:
    """Note copies, and files that were refused before anything was read."""
    rows = [_refused(file) for file in refused]
    for copy in skipped:
        file = copy.file
        row = _row(file.source.name, file.name, file.sha256, file.delivered_on, file.contents)
        rows.append(row | {"outcome": "skipped", "reason": f"same content as {copy.same_as}"})
    _insert(engine, rows)


def gaps(files: Sequence[DeliveredFile]) -> list[str]:
    """What to say of rolling files that lie further apart than they reach back."""
    remarks = []
    before: dict[str, dt.date] = {}
    for file in files:
        name, window = file.source.name, file.source.window_days
        if file.contents != "rolling" or window is None:
            continue
        last = before.get(name)
        if last is not None and (file.delivered_on - last).days > window:
            remarks.append(
                f"{file.name}: reaches {window} days back, but the file before is of {last}; what "
                "happened between is in neither"
            )
        before[name] = file.delivered_on
    return remarks


def remember(path: Path, present: dict[str, str], say: Callable[[str], None]) -> None:
    """Say what became of the files of earlier runs, then write down files and hashes.

    A file that is gone is said once: by a run that is killed in between, rather twice than never.
    Raises :class:`UserError` when ``path`` holds no memory.
    """
    memory = _read(path) if path.is_file() else {}
    for name, entry in sorted(memory.items()):
        if name not in present and not entry.get("gone"):
            say(f"warning: {name} was delivered earlier and is gone; results are made without it")
        elif name in present and present[name] != entry["sha256"]:
            say(f"{name}: the same name as in an earlier run, with new content")
    gone = {name: memory[name] | {"gone": True} for name in memory.keys() - present.keys()}
    merged = gone | {name: {"sha256": sha256} for name, sha256 in present.items()}
    _write(path, merged)


def version(path: Path) -> int:
    """The version of a memory; UserError where it is none, or newer."""
    return _parsed(path)[0]


def rewrite(path: Path) -> None:
    """Write a memory of an earlier version as this one does."""
    _write(path, _read(path))


def _write(path: Path, memory: dict[str, Any]) -> None:
    files = {name: memory[name] for name in sorted(memory)}
    write_json(path, versions.stamped("ledger", {"files": files}))


def _read(path: Path) -> dict[str, Any]:
    return _parsed(path)[1]


def _parsed(path: Path) -> tuple[int, dict[str, Any]]:
    """Version and files; the first version held the files alone."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        found = versions.checked("ledger", told.get(versions.KEY), path)
        memory = dict(told["files"] if found > 1 else told)
        if all(isinstance(entry["sha256"], str) for entry in memory.values()):
            return found, memory
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    fix = "Remove it; the next run begins a new one and cannot tell which files have gone."
    raise UserError(f"{path}: not a ledger of deliveries", fix)


def _row(source: str, file: str, sha256: str, day: dt.date | None, contents: str) -> dict[str, Any]:
    named = {"source": source, "file": file, "sha256": sha256, "delivered_on": day}
    return named | {"contents": contents, "window_days": None, "outcome": "", "reason": None}


def _refused(file: RefusedFile) -> dict[str, Any]:
    row = _row(file.source, file.file, file.sha256, file.delivered_on, file.contents)
    return row | {"outcome": "refused", "reason": file.reason}


def _insert(engine: Engine, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    text, number = pa.string(), pa.int64()
    schema = pa.schema(
        [("source", text), ("file", text), ("sha256", text), ("delivered_on", pa.date32())]
        + [("contents", text), ("window_days", pa.int32()), ("outcome", text), ("reason", text)]
        + [(name, number) for name in _COUNTS]
    )
    complete = [{name: row.get(name, 0) for name in schema.names} for row in rows]
    engine.register("landing_deliveries", pa.Table.from_pylist(complete, schema))
    engine.run("insert into landed.deliveries select * from landing_deliveries")
    engine.unregister("landing_deliveries")
