"""Removes what earlier runs kept: old warehouses, rows of runs, spilled files, listed backups."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import publish
from pipelines.backup.listed import read
from pipelines.errors import Exit, UserError
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.config import Project


def expire(space: Workspace) -> list[Path]:
    """Remove every version but the one in service, and what runs kept beside released figures.

    Manifests and released figures (JSON, without rows of persons) stay: later runs compare with
    them. What was removed.
    """
    current = publish.resolve(space.warehouses)
    old = [p for p in sorted(space.warehouses.glob("warehouse-*")) if p != current]
    rows = [p for p in space.work_of_all if p.suffix != ".json"]
    removed = [*old, *rows]
    for path in removed:
        publish.remove(path)
    return [*removed, *publish.sweep(space)]


def backups(project: Project, data: Path, out: Path) -> list[Path]:
    """The backups that the project file lists and those that were made of the output folder, as
    far as they are there.

    Raises :class:`UserError` for one that holds the project, the deliveries or the results.
    """
    kept = [p.resolve() for p in (project.folder, data, out)]
    made = (Path(backup.path) for backup in read(Workspace(out, "").private))
    found = [path for path in dict.fromkeys(made) if path.exists()]
    for number, name in enumerate(project.settings.backups):
        path = project.folder / Path(name).expanduser()
        if any(k == path.resolve() or path.resolve() in k.parents for k in kept):
            raise UserError(
                f"{project.folder / 'mentorlift.yml'}: backups.{number}: holds the project itself, "
                "its deliveries or its results",
                "List files and folders that hold copies of the results alone.",
                Exit.PROJECT,
            )
        if path.exists() and path not in found:
            found.append(path)
    return found


def remove_all(paths: Iterable[Path]) -> None:
    """Remove files and whole folders."""
    for path in paths:
        publish.remove(path)
