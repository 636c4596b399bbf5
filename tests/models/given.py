"""Little tables in, little tables out: landed rows are given, the rows of a model expected."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

from pipelines.engine import Engine
from pipelines.models import build, contracts, create_described

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.models import BuildReport


def table(text: str) -> list[dict[str, str]]:
    """The rows of a table drawn with bars; `-` stands for nothing."""
    lines = [line.split("|") for line in text.strip().splitlines()]
    header, *rows = [[cell.strip() for cell in line] for line in lines]
    return [dict(zip(header, row, strict=True)) for row in rows]


class Warehouse:
    """A built warehouse in memory, from landed tables drawn as text.

    ``full`` names the dates of full deliveries, beside those of the rows; rows may name their
    source. ``transfer_gap_days`` is the project's.
    """

    # What tables mean has tests of its own, and takes a fifth of the time of a little warehouse.
    @patch("pipelines.models.comment", lambda *_: None)
    def __init__(
        self, full: tuple[str, ...] = (), transfer_gap_days: int | None = None, **landed: str
    ) -> None:
        self.engine = Engine.memory(threads=1)
        for contract in contracts("landed"):
            create_described(self.engine, contract)
        self.engine.run("insert into landed.project values ($1)", [transfer_gap_days])
        seq = 0
        dates = {(date, "test") for date in full}
        for name, text in landed.items():
            for row in table(text):
                seq += 1
                if name in ("exit_reasons", "scoring_keys"):
                    self._fill(name, row)
                    continue
                dates.add((row["delivered"], row.get("_source", "test")))
                self._insert(name, row, seq)
        for date, source in sorted(dates):
            contents = "full" if full and source == "test" else "delta"
            self.engine.run(
                "insert into landed.deliveries (source, delivered_on, contents, outcome) "
                "values (?, ?, ?, 'accepted')",
                [source, date, contents],
            )
        try:
            self.report: BuildReport = build(self.engine)
        except BaseException:
            self.engine.close()
            raise

    def _insert(self, name: str, row: dict[str, str], seq: int) -> None:
        delivered = row.pop("delivered")
        values = {column: None if cell == "-" else cell for column, cell in row.items()}
        values |= {"_delivered_on": delivered, "_seq": str(seq), "_row": str(seq)}
        values = {"_source": "test", "_file": delivered} | values
        if name == "quarantine":
            del values["_seq"]
        self._fill(name, values)

    def _fill(self, name: str, row: Mapping[str, str | None]) -> None:
        values = {column: None if cell == "-" else cell for column, cell in row.items()}
        places = ", ".join("?" for _ in values)
        sql = f"insert into landed.{name} ({', '.join(values)}) values ({places})"
        self.engine.run(sql, list(values.values()))

    def expect(self, name: str, text: str) -> None:
        """The model holds exactly these rows, in the columns that are drawn."""
        expected = table(text)
        columns = ", ".join(cell.strip() for cell in text.strip().splitlines()[0].split("|"))
        found = self.engine.rows(f"select {columns} from {name}")
        shown = [["-" if v is None else str(v) for v in row] for row in found]
        assert sorted(shown) == sorted(list(row.values()) for row in expected)
