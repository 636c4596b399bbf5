"""Little tables in, little tables out: landed rows are given, the rows of a model expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.engine import Engine
from pipelines.models import build, contracts, create_described

if TYPE_CHECKING:
    from pipelines.models import BuildReport


def table(text: str) -> list[dict[str, str]]:
    """The rows of a table drawn with bars; `-` stands for nothing."""
    lines = [line.split("|") for line in text.strip().splitlines()]
    header, *rows = [[cell.strip() for cell in line] for line in lines]
    return [dict(zip(header, row, strict=True)) for row in rows]


class Warehouse:
    """A built warehouse in memory, from landed tables drawn as text."""

    def __init__(self, **landed: str) -> None:
        self.engine = Engine.memory(threads=1)
        for contract in contracts("landed"):
            create_described(self.engine, contract)
        seq = 0
        for name, text in landed.items():
            for row in table(text):
                seq += 1
                self._insert(name, row, seq)
        try:
            self.report: BuildReport = build(self.engine)
        except BaseException:
            self.engine.close()
            raise

    def _insert(self, name: str, row: dict[str, str], seq: int) -> None:
        delivered = row.pop("delivered")
        values = {column: None if cell == "-" else cell for column, cell in row.items()}
        values |= {"_delivered_on": delivered, "_seq": str(seq), "_row": str(seq)}
        values |= {"_source": "test", "_file": delivered, "_file_hash": delivered}
        places = ", ".join("?" for _ in values)
        sql = f"insert into landed.{name} ({', '.join(values)}) values ({places})"
        self.engine.run(sql, list(values.values()))

    def expect(self, name: str, text: str) -> None:
        """The model holds exactly these rows, in the columns that are drawn."""
        expected = table(text)
        columns = ", ".join(expected[0])
        found = self.engine.rows(f"select {columns} from {name}")
        shown = [["-" if v is None else str(v) for v in row] for row in found]
        assert sorted(shown) == sorted(list(row.values()) for row in expected)
