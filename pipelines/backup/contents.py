"""What a backup holds: an index with the hash of each file, and of each table of figures."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pipelines import publish
from pipelines.engine import quote_identifier as ident
from pipelines.opened import opened
from pipelines.registry_file import FILE as REGISTRY

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.workspace import Workspace

INDEX = "index.json"
RESULTS, PROJECT = "out", "project"  # the two folders of an archive
_OF_RUNS = ("manifest.json", "record.json", "work/*.json")
_TEMPORARY = {".tmp", ".wal"}


@dataclass(frozen=True, slots=True)
class Packed:
    """A file of an archive: SHA-256 and bytes."""

    sha256: str
    bytes: int


def files_of(space: Workspace) -> list[Path]:
    """What cannot be made again from delivered files, and what is in service; sorted.

    Left out: earlier warehouses, databases of unfinished stages, workbooks for HR (the next run
    writes them again), the lock.
    """
    found = {space.ledger, space.analyst, *space.artifacts, space.warehouses / publish.POINTER}
    found |= {publish.resolve(space.warehouses)}
    found |= {path for folder in (space.private, space.site) for path in folder.rglob("*")}
    found |= {path for name in _OF_RUNS for path in space.runs.glob(f"*/{name}")}
    return sorted(p for p in found if p.suffix not in _TEMPORARY and is_plain(p))


def is_plain(path: Path) -> bool:
    """Whether it is a file by itself: no link, pipe or folder."""
    return path.exists() and stat.S_ISREG(path.lstat().st_mode)


def is_inside(name: str) -> bool:
    """Whether the name of a member stays below the folders of an archive."""
    path = PurePosixPath(name)
    plain = "\\" not in name and "\0" not in name and path.as_posix() == name
    if not plain or path.is_absolute() or ".." in path.parts:
        return False
    return name == f"{PROJECT}/{REGISTRY}" or (len(path.parts) > 1 and path.parts[0] == RESULTS)


def proof(warehouse: Path) -> dict[str, str]:
    """Of each table its rows; of each released one, a hash of its figures as well.

    Raises :class:`UserError` where the file is damaged or not a warehouse of ours.
    """
    found = {}
    with opened(warehouse, "warehouse", older=True) as engine:
        tables = engine.rows(
            "select schema_name, table_name from duckdb_tables() "
            "where database_name = current_database() order by all"
        )
        for schema, table in tables:
            name = f"{ident(schema)}.{ident(table)}"
            told = str(engine.scalar(f"select count(*) from {name}"))
            if schema == "results":
                digest = hashlib.sha256()
                for row in engine.rows(f"select columns(*)::varchar from {name} order by all"):
                    digest.update(json.dumps(row).encode())
                told += f" {digest.hexdigest()}"
            found[f"{schema}.{table}"] = told
    return found


def as_json(index: dict[str, Any]) -> bytes:
    """The index as it stands in the archive."""
    return (json.dumps(index, indent=1, ensure_ascii=False) + "\n").encode()
