"""The way back to HR: rows in quarantine as a workbook, and the workbook as a delivery.

The rows are read again from the delivered files, so that their cells are in no warehouse.
"""

from __future__ import annotations

import datetime as dt
import io
import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter

from pipelines import durable
from pipelines.errors import UserError
from pipelines.ingest.fixes import fix
from pipelines.ingest.headers import resolve
from pipelines.models import contracts
from pipelines.publish import make_private
from pipelines.sources import SHEET, read_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from pipelines.delivery import Load
    from pipelines.engine import Engine
    from pipelines.erasure.tombstones import Erased
    from pipelines.ingest.files import DeliveredFile
    from pipelines.ingest.mapping import Mapping
    from pipelines.sources import Batch, Dialect, SourceTable

FILE, ROW = "mentorlift: file", "mentorlift: row"
REASON, COLUMN, FIX = "mentorlift: reason", "mentorlift: column", "mentorlift: suggested fix"
LEAVE_OUT = "mentorlift: leave out"
TAB = "mentorlift: sheet"  # stands for @sheet, which no file may have in its header
KEPT = ("", "no", "No")  # what stands there beside a row that is to be loaded
OWN_COLUMNS = frozenset({FILE, ROW, REASON, COLUMN, FIX, LEAVE_OUT})
WORKSHEET = "quarantine"
MAX_ROWS = 100_000
MAX_CELL = 32_767  # Excel's limit
# Nothing in the file may depend on the clock.
_MADE = dt.datetime(2000, 1, 1)

_OPEN = """
select _row, table_name, rule, coalesce(column_name, '') from landed.quarantine
where _source = $1 and _file = $2 and corrected_by is null
order by _row, table_name, rule, column_name
limit $3
"""
TOO_LONG = "A cell is too long for a workbook and was cut: correct the row where the file is made."


@dataclass(frozen=True)
class _Held:
    """One row of one file with its cells by HR's column names."""

    file: str
    row: str
    cells: dict[str, str]
    reasons: tuple[str, ...]
    columns: tuple[str, ...]
    fixes: tuple[str, ...]


def write_workbooks(
    engine: Engine,
    files: Sequence[DeliveredFile],
    folder: Path,
    dialect: Callable[[DeliveredFile], Dialect],
    erased: Erased | None = None,
) -> dict[Path, int]:
    """Write a workbook for each source with open rows, and remove those of others; rows in each.

    They hold what HR delivered, so nobody else may read the folder. No more than ``MAX_ROWS`` rows
    go back: so many have one cause, which is mended where the file is made. Cells that name an
    ``erased`` person, in a row that leads to nobody or to somebody else, are left empty.
    """
    make_private(folder)
    by_source: dict[str, list[DeliveredFile]] = {}
    for file in files:
        by_source.setdefault(file.source.name, []).append(file)
    written: dict[Path, int] = {}
    for source, delivered in by_source.items():
        rows = (row for file in delivered for row in _held(engine, file, dialect(file), erased))
        held = list(itertools.islice(rows, MAX_ROWS))
        if held:
            path = folder / f"{source}.xlsx"
            _write(path, held)
            written[path] = len(held)
    for stale in set(folder.glob("*.xlsx")) - written.keys():
        stale.unlink()
    return written


def read(file: DeliveredFile, dialect: Dialect) -> SourceTable:
    """The table in a delivered file; a correction has its rows' tabs again under `@sheet`."""
    table = read_source(file.path, dialect)
    if not file.correction or TAB not in table.header:
        return table
    names = {TAB: SHEET}

    def batches() -> Iterator[Batch]:
        for batch in table.batches():
            columns = {names.get(name, name): cells for name, cells in batch.columns.items()}
            yield replace(batch, columns=columns)

    header = tuple(names.get(name, name) for name in table.header)
    return replace(table, header=header, batches=batches)


def loads_of(file: DeliveredFile, header: tuple[str, ...]) -> tuple[Load, ...]:
    """The loads of a file; a correction must say which rows it corrects, and may leave some out."""
    if not file.correction:
        return file.source.loads
    tabs = {SHEET: TAB} if file.source.sheet == "*" else {}
    for wanted in (FILE, ROW, *tabs):
        name = tabs.get(wanted, wanted)
        if wanted not in header:
            mend = "Return the workbook with all its columns; correct cells only."
            raise UserError(f"{file.name}: there is no column {name!r}.", mend)
    if any("@row" in headers for load in file.source.loads for headers in load.columns.values()):
        problem = f"{file.name}: rows of {file.source.name} stand for people by their number."
        raise UserError(problem, "Correct the original file; a correction has other rows.")
    if LEAVE_OUT not in header:
        return file.source.loads
    keep = {LEAVE_OUT: KEPT}
    return tuple(
        load.model_copy(update={"keep_if": keep | load.keep_if}) for load in file.source.loads
    )


def noting(
    file: DeliveredFile,
    table: SourceTable,
    answers: list[tuple[str, int]],
    row_of: Callable[[str, str], int | None],
) -> Iterator[Batch]:
    """The batches of a table; of a correction, ``answers`` receives file and row of each line.

    ``row_of`` is the row of a file that HR knows by its tab and number.
    """
    for batch in table.batches():
        if file.correction:
            names = batch.columns[FILE].to_pylist()
            for line, name, row in zip(
                batch.rows.to_pylist(), names, batch.columns[ROW].to_pylist(), strict=True
            ):
                number = row_of(name, row or "") if name else None
                if name and number is None:
                    mend = "Leave it as mentorlift wrote it, or empty it for a new line."
                    raise UserError(f"{file.name}: row {line}: {ROW!r} is no row number.", mend)
                if name and number is not None:
                    answers.append((name, number))
        yield batch


def mark_answered(engine: Engine, file: DeliveredFile, answers: Sequence[tuple[str, int]]) -> None:
    """Note which rows in quarantine the file delivers again; they are closed, whatever it says."""
    if not answers:
        return
    columns = {
        "name": pa.array([name for name, _ in answers], pa.string()),
        "line": pa.array([row for _, row in answers], pa.int64()),
    }
    engine.register("landing_answers", pa.table(columns))
    engine.run(
        "update landed.quarantine set corrected_by = $file where _source = $source "
        "and corrected_by is null and _file <> $file "
        "and (_file, _row) in (select (name, line) from landing_answers)",
        {"file": file.name, "source": file.source.name},
    )
    engine.unregister("landing_answers")


def _held(
    engine: Engine, file: DeliveredFile, dialect: Dialect, erased: Erased | None
) -> Iterator[_Held]:
    """The open rows of a file, read from it once more."""
    broken: dict[int, list[tuple[str, str, str]]] = {}
    bound = [file.source.name, file.name, MAX_ROWS * len(file.source.loads)]
    for row, table, rule, column in engine.rows(_OPEN, bound):
        broken.setdefault(row, []).append((table, rule, column))
    if not broken:
        return
    wanted = pa.array(sorted(broken), pa.int64())
    table = read(file, dialect)
    loads = _resolved(file, table.header)
    for batch in table.batches():
        found = pc.is_in(batch.rows, value_set=wanted)
        cells = {name: array.filter(found).to_pylist() for name, array in batch.columns.items()}
        for i, row in enumerate(batch.rows.filter(found).to_pylist()):
            shown = {
                TAB if n == SHEET else n: v[i] or ""
                for n, v in cells.items()
                if n not in OWN_COLUMNS
            }
            if erased:
                shown = {n: "" if _is_named(erased, n, v, loads) else v for n, v in shown.items()}
            yield _described(file, loads, table.reading.place(row), shown, broken[row])


def _is_named(erased: Erased, header: str, cell: str, loads: dict[str, Mapping]) -> bool:
    """Whether a cell names an erased person; a number does so as an identifier alone."""
    if cell.strip().isdigit() and not any(header in load.people() for load in loads.values()):
        return False
    return erased.names(cell)


def _resolved(file: DeliveredFile, header: tuple[str, ...]) -> dict[str, Mapping]:
    """The loads of a file by table, with the headers that its columns were read from."""
    tables = {contract.table: contract for contract in contracts("landed")}
    return {x.table: resolve(file, x, tables[x.table], header) for x in loads_of(file, header)}


def _described(
    file: DeliveredFile,
    loads: dict[str, Mapping],
    row: str,
    cells: dict[str, str],
    broken: list[tuple[str, str, str]],
) -> _Held:
    named = [
        (rule, ", ".join(h for c in column.split(", ") for h in loads[table].headers(c) or (c,)))
        for table, rule, column in broken
    ]
    fixes = (fix(rule, column, loads[table].load) for table, rule, column in broken)
    cut = any(len(text) > MAX_CELL for text in cells.values())
    return _Held(
        file.name,
        row,
        cells,
        _unique(rule for rule, _ in named),
        _unique(column for _, column in named),
        _unique(itertools.chain(fixes, [TOO_LONG] if cut else [])),
    )


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _write(path: Path, held: list[_Held]) -> None:
    header = list(dict.fromkeys(name for row in held for name in row.cells))
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"created": _MADE})
        bold, plain = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        sheet = book.add_worksheet(WORKSHEET)
        sheet.freeze_panes(1, 0)
        names = [*header, FILE, ROW, REASON, COLUMN, FIX, LEAVE_OUT]
        sheet.set_column(0, len(names) - 1, 18, plain)
        for column, name in enumerate(names):
            sheet.write_string(0, column, name, bold)
        for line, row in enumerate(held, start=1):
            own = (row.file, row.row, *map("; ".join, (row.reasons, row.columns, row.fixes)))
            texts = [*(row.cells.get(name, "") for name in header), *own]
            for column, text in enumerate(texts):
                if text:  # a cell is a text, never a formula, whatever it begins with
                    sheet.write_string(line, column, text[:MAX_CELL], plain)
    durable.write(path, content.getvalue(), 0o600)
