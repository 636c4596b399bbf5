"""Delivered text files, written so that the physical line of every record is known."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.demo_vendor.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Mark:
    """A defect of one record: its name, what it touches, and what of the canonical layer it costs.

    ``canonical_keys`` are empty where nothing of the canonical layer is meant.
    """

    defect: str
    key: str
    canonical_keys: tuple[str, ...] = ()


@dataclass(slots=True)
class Row:
    """One record of a delivery and the defects planted in it."""

    cells: list[str]
    marks: list[Mark] = field(default_factory=list)


def write_csv(
    path: Path, above: Sequence[Sequence[str]], rows: Sequence[Row], manifest: Manifest,
    *, below: Sequence[Sequence[str]] = (), encoding: str = "utf-8", end: str = "\n",
) -> None:  # fmt: skip
    """Write the lines above (titles, header), the records and the lines below; note each mark."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end)
    for cells in above:
        writer.writerow(cells)
    line = 1 + text.getvalue().count("\n")
    for nth, row in enumerate(rows, start=len(above) + 1):
        for mark in row.marks:
            manifest.add(path.name, line, mark, row=nth)
        writer.writerow(row.cells)
        # a quoted line break makes a record longer than a line
        line += 1 + "".join(row.cells).count("\n")
    for cells in below:
        writer.writerow(cells)
    path.write_bytes(text.getvalue().encode(encoding))
