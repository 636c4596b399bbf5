"""The list of backups of an output folder, in its private folder: an erasure has to know them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pipelines import versions
from pipelines.errors import UserError
from pipelines.publish import write_private
from pipelines.workspace import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE = "backups.json"


@dataclass(frozen=True, slots=True)
class Backup:
    """An archive: its absolute path, the run that was in service, SHA-256 of the file."""

    path: str
    run: str
    sha256: str


def read(private: Path) -> tuple[Backup, ...]:
    """The backups that were made of a folder, oldest first, whether they are still there or not."""
    file = private / FILE
    if not file.is_file():
        return ()
    told = read_json(file, "backups")
    try:
        return tuple(Backup(b["path"], b["run"], b["sha256"]) for b in told["backups"])
    except (KeyError, TypeError):
        fix = "Restore it from a backup; without it, an erasure cannot name the backups."
        raise UserError(f"{file}: not a list of backups", fix) from None


def write(private: Path, backups: Iterable[Backup]) -> None:
    """Write the list, each archive once, for the owner alone."""
    listed = [asdict(b) for b in dict.fromkeys(backups)]
    text = json.dumps(versions.stamped("backups", {"backups": listed}), indent=1)
    write_private(private / FILE, text + "\n")
