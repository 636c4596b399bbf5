"""Makes the fixture of a released version, with the code of that version: see README.md beside it.

python -m tests.upgrade.make_released VERSION
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from pathlib import Path

from pipelines.engine import Engine
from pipelines.publish import resolve
from tests import two_deliveries
from tests.flows.conftest import Firm, command, own_key

HERE = Path(__file__).resolve().parent
GONE = "E0042"  # erased after the first run
TABLES = (
    "select schema_name, table_name from duckdb_tables() "
    "where not internal and schema_name in ('landed', 'staging', 'marts', 'results') order by all"
)


def main(version: str) -> None:
    """Two runs of a company, the second after an erasure; the archive, figures and row counts."""
    with tempfile.TemporaryDirectory() as name, own_key(Path(name)):
        folder = Path(name) / "released"
        folder.mkdir()
        firm = Firm.below(folder)
        two_deliveries.draw().write(firm.project, firm.data, ())
        for arguments in (firm.arguments, firm.erasing(GONE)):
            code, _, err = command(*arguments)
            assert code == 0, err
        _figures(resolve(firm.out / "warehouse"), HERE / f"released-{version}")
        with tarfile.open(HERE / f"released-{version}.tar.xz", "w:xz", preset=9) as archive:
            archive.add(folder, arcname=".", filter=_plain)


def _figures(warehouse: Path, folder: Path) -> None:
    """Every released figure as CSV, a file a table, and the rows of all tables."""
    folder.mkdir(exist_ok=True)
    with Engine.open(warehouse, read_only=True) as engine:
        counts = ["table,rows"]
        for schema, table in engine.rows(TABLES):
            counts.append(
                f"{schema}.{table},{engine.scalar(f'select count(*) from {schema}.{table}')}"
            )
            if schema == "results":
                engine.run(f"copy {schema}.{table} to '{folder / table}.csv' (header)")
        (folder / "rows.csv").write_text("\n".join(counts) + "\n", encoding="utf-8")


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nothing about the machine on which it was made."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    main(sys.argv[1])
