"""What was planted and what a vendor layout cannot carry, beside the truth."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.demo_vendor.defects import BY_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.demo_vendor.files import Mark

COLUMNS = (
    "defect", "file", "sheet", "physical_row", "spreadsheet_row", "key", "rule", "outcome",
    "canonical_keys",
)  # fmt: skip
_NUMBERS = {"physical_row", "spreadsheet_row"}


@dataclass(slots=True)
class Manifest:
    """Planted defects with the place of each, 0 where a whole file is meant.

    ``physical_row`` is the line on which the record begins; ``spreadsheet_row`` counts a record of
    several lines once.
    """

    rows: list[dict[str, str | int]] = field(default_factory=list)

    def add(
        self, file: str, physical_row: int, mark: Mark, sheet: str = "", row: int | None = None
    ) -> None:
        """Note one defect of a record or file; ``row`` where it differs from the line."""
        defect = BY_NAME[mark.defect]
        values = (
            mark.defect, file, sheet, physical_row, physical_row if row is None else row, mark.key,
            defect.rule, defect.outcome, ";".join(mark.canonical_keys),
        )  # fmt: skip
        self.rows.append(dict(zip(COLUMNS, values, strict=True)))

    def counts(self) -> dict[str, int]:
        """Entries by outcome: Q rows, L links, C cells, F files, X excluded rows, W warnings."""
        found: dict[str, int] = {}
        for row in self.rows:
            found[str(row["outcome"])] = found.get(str(row["outcome"]), 0) + 1
        return found

    def write(self, folder: Path) -> None:
        """``defects.parquet`` and the same as CSV, in the order of the deliveries."""
        ordered = sorted(
            self.rows, key=lambda r: (str(r["file"]), str(r["sheet"]), int(r["physical_row"]))
        )
        kinds = [pa.int64() if c in _NUMBERS else pa.string() for c in COLUMNS]
        schema = pa.schema(list(zip(COLUMNS, kinds, strict=True)))
        pq.write_table(pa.Table.from_pylist(ordered, schema), folder / "defects.parquet")
        with (folder / "defects.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(ordered)


@dataclass(frozen=True, slots=True, order=True)
class Loss:
    """What one entity loses on the way through a layout.

    ``keys`` name one row of the entity; empty: the ``rule`` holds for all of it.
    """

    entity: str
    lost: str
    rule: str
    keys: str = ""


def write_losses(folder: Path, losses: list[Loss]) -> None:
    """``losses.csv``, sorted."""
    with (folder / "losses.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["entity", "lost", "rule", "keys"])
        for loss in sorted(set(losses)):
            writer.writerow([loss.entity, loss.lost, loss.rule, loss.keys])
