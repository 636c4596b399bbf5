"""Where every row of every file went, how files were read, and what the data checks found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.numbers import plain
from reports.sections import data_quality
from reports.tables.table import Column, Table, Value, counted, day, figures, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.model import Report

_ROWS = Column("Unit", width=8)


def files(report: Report) -> Table:
    """Rows by file and the table they were loaded into."""
    loads = [f for f in report.reconciliation.get("files", []) for _ in f["loads"]]
    shown = data_quality.view(report)["rows"]
    return Table(
        name="Files",
        about="Rows by file and table: rows in = loaded + quarantined + left out by a named rule + "
        "exact duplicates.",
        columns=(
            *texts(File=30, Table=18, Delivered=12),
            *figures("Rows in", "Loaded", "Quarantined", "Left out", "Duplicates", width=11),
            *figures("Unaccounted for", width=12), _ROWS,
        ),
        rows=tuple(
            (plain(file["file"]), row["table"], day(str(file["delivered_on"])),
             *map(counted, row["counts"]), counted(str(row["lost"])), "rows")
            for file, row in zip(loads, shown, strict=True)
        ),
    )  # fmt: skip


def rows_set_aside(report: Report) -> Table:
    """Rows that were quarantined, left out or loaded with an empty cell, by rule."""
    return Table(
        name="Rows set aside",
        about="Rows quarantined, left out or loaded with a cell left empty, by rule.",
        columns=(*texts(File=30, Table=18, Rule=50, What_happened=34), *figures("Rows"), _ROWS),
        rows=tuple(
            (plain(r["file"]), r["table"], plain(r["rule"]), r["kind"], counted(r["rows"]), "rows")
            for r in data_quality.view(report)["rules"]
        ),
    )


def how_read(report: Report) -> Table:
    """How files were read, what changed in them, what was not read, and deliveries to look at."""
    return Table(
        name="How files were read",
        about="How each file was read, columns that changed or were not loaded, and files that "
        "were not read.",
        columns=texts(File=30, What=30, Detail=80),
        rows=tuple(_notes(data_quality.view(report))),
    )


def _notes(view: dict[str, Any]) -> Iterator[tuple[Value, ...]]:
    for file in view["read"]:
        yield from ((plain(file["file"]), "how it was read", plain(n)) for n in file["notes"])
    for drift in view["drift"]:
        detail = f"{drift['column']}: {drift['detail']} (before: {drift['before']})"
        yield plain(drift["file"]), "changed since the delivery before", plain(detail)
    for file in view["not_loaded"]:
        yield from ((plain(file["file"]), "column not loaded", plain(c)) for c in file["columns"])
    for file in view["skipped"]:
        yield plain(file["file"]), "not read", plain(file["why"])
    for remark in view["remarks"]:
        yield "", "delivery worth a look", plain(remark)
    for row in view["due"].get("rows", []):
        if row["objects"] or row["consequence"]:
            said = "; ".join(filter(None, (row["state"], row["consequence"])))
            yield plain(row["source"]), f"delivery due {row['due']}", said


def data_checks(report: Report) -> Table:
    """What the checks of the built tables found."""
    return Table(
        name="Data checks",
        about="Checks of the tables built from the files: rows found, and what follows.",
        columns=(*texts(Check=80), *figures("Rows found"), _ROWS, *texts(Result=12)),
        rows=tuple(
            (plain(c["description"]), counted(c["rows"]), "rows", _result(c))
            for c in data_quality.view(report)["checks"]
        ),
    )


def _result(check: dict[str, Any]) -> str:
    if check["rows"] == "0":
        return "pass"
    return {"warn": "warning", "fail": "failure"}.get(check["level"], "note")
