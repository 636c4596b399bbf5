"""What lies in a folder, in a form in which two folders must be equal.

Files are compared by their bytes, databases by all their rows in order and what describes them
(DuckDB numbers its blocks as they come), a manifest without the hashes of such files.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from pipelines.engine import Engine
from pipelines.publish import resolve

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flows.conftest import Firm

COUNTS = ("rows_in", "loaded", "quarantined", "excluded", "duplicates")


def of(firm: Firm) -> dict[str, str]:
    """Name -> hash of everything below the results, the registry and the spill folder."""
    files = {p.relative_to(firm.out).as_posix(): p for p in sorted(firm.out.rglob("*"))}
    found = {name: digest(p) for name, p in files.items() if p.is_file() and p.name != "run.lock"}
    found |= {f"{name}/": "folder" for name, p in files.items() if p.is_dir()}
    found |= {p.name: digest(p) for p in sorted(firm.project.glob("*.jsonl"))}
    spilled = [p for p in (firm.project.parent / "tmp").glob("*") if not _is_probe(p)]
    return found | {f"spilled/{p.name}": "" for p in spilled}


def _is_probe(path: Path) -> bool:
    """Whether Python left it when it tried whether a folder can hold temporary files."""
    return path.is_file() and path.read_bytes() in (b"", b"blat")


def differences(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """Names that only one folder has, or that differ."""
    return sorted(n for n in one.keys() | other.keys() if one.get(n) != other.get(n))


def tables(path: Path) -> str:
    """A hash of all rows of a database with its comments."""
    hashed = hashlib.sha256()
    with Engine.open(path, read_only=True) as engine:
        named = engine.rows(
            "select schema_name, table_name, comment from duckdb_tables() "
            "where database_name = current_database() order by all"
        )
        for schema, table, comment in named:
            hashed.update(repr((schema, table, comment)).encode())
            hashed.update(repr(engine.rows(f'from "{schema}"."{table}"')).encode())
    return hashed.hexdigest()


def counts(firm: Firm) -> dict[str, tuple[int, ...]]:
    """Of each delivered file, rows in, loaded, quarantined, excluded, exact duplicates."""
    with Engine.open(resolve(firm.out / "warehouse"), read_only=True) as engine:
        rows = engine.rows(f"select file, {', '.join(COUNTS)} from landed.deliveries order by file")
    return {file: tuple(numbers) for file, *numbers in rows}


def digest(path: Path) -> str:
    """A hash of what a file says."""
    if path.suffix == ".duckdb":
        return tables(path)
    content = path.read_bytes()
    if path.name == "manifest.json":
        told = json.loads(content)
        content = json.dumps({**told, "stages": sorted(told["stages"])}).encode()
    return hashlib.sha256(content).hexdigest()
