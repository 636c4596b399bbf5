"""The literature shelf of a project: the shipped sources and its own (`literature/*.yml`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from analysis.literature import parse_source
from pipelines.errors import Exit, UserError
from pipelines.parts import read_spec

if TYPE_CHECKING:
    from analysis.literature import Shelf

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "literature"


def literature_files(project: Path | None) -> list[Path]:
    """Every file of sources, the shipped ones first."""
    own = sorted((project / "literature").glob("*.yml")) if project else []
    return [*sorted(SHIPPED.glob("*.yml")), *own]


def read_shelf(project: Path | None = None) -> Shelf:
    """All sources in the order of their files.

    Raises :class:`UserError` naming file, entry, key and fix.
    """
    found, seen = [], {}
    for path in literature_files(project):
        source = read_spec(path, parse_source)
        for entry in source.entries:
            if entry.id in seen:
                problem = f"{path}: entries: {entry.id}: id: {seen[entry.id]} has an entry of it"
                raise UserError(problem, "Give each entry an id of its own.", Exit.PROJECT)
            seen[entry.id] = path.name
        found.append(source)
    return tuple(found)
