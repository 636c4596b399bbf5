"""Makes the fixture of a released version, with the code of that version: see README.md beside it.

python -m tests.upgrade.make_released VERSION
"""

from __future__ import annotations

import os
import sys
import tarfile
import tempfile
from pathlib import Path

from pipelines.engine import Engine
from pipelines.publish import resolve
from tests import two_deliveries
from tests.flows.conftest import KEY, command

HERE = Path(__file__).resolve().parent
GONE = "E0042"  # erased after the first run
TABLES = (
    "select schema_name, table_name from duckdb_tables() "
    "where not internal and schema_name in ('landed', 'staging', 'marts', 'results') order by all"
)


def main(version: str) -> None:
    """Two runs of a company, the second after an erasure; the archive, figures and row counts."""
    with tempfile.TemporaryDirectory() as name:
        folder, key = Path(name) / "released", Path(name) / "key"
        folder.mkdir()
        key.write_text(KEY + "\n", encoding="utf-8")
        os.environ["MENTORLIFT_KEY_FILE"] = str(key)
        project, exports, out = (folder / n for n in ("project", "exports", "out"))
        two_deliveries.draw().write(project, exports, ())
        where = ["--data", str(exports), "--out", str(out)]
        for arguments in (["run", str(project)], ["erase", GONE, "--project", str(project)]):
            code, _, err = command(*arguments, *where)
            assert code == 0, err
        _figures(resolve(out / "warehouse"), HERE / f"released-{version}")
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
