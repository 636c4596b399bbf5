"""Takes erased people out of the memory, and looks whether they are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.release.members import members
from pipelines.memory.store import (
    FOLDER,
    SETS,
    cells_in,
    entry_files,
    read_entry,
    read_set,
    write_entry,
    write_set,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from analysis.release.members import Members
    from pipelines.memory.store import Tokens


def forget(private: Path, tokens: Tokens, pseudonyms: Iterable[str]) -> None:
    """Take people out of all sets; they count as a change for ever.

    Repeated after an interruption it goes on: an entry that was rewritten names sets without them.
    """
    folder = private / FOLDER
    gone = members([tokens.token(p) for p in pseudonyms])
    entries = [read_entry(path) for path in entry_files(private)]
    for entry in entries:
        touched = False
        for cell in cells_in(entry):
            found = read_set([folder], cell["set"])
            left = np.setdiff1d(found, gone, assume_unique=True)
            if len(left) < len(found):
                leave(folder, tokens, cell, left, len(found) - len(left))
                touched = True
        if touched:
            write_entry(folder, entry)
    drop_unnamed(folder, entries)


def leave(folder: Path, tokens: Tokens, cell: dict[str, Any], people: Members, erased: int) -> None:
    """Leave these people in a cell of an entry, and count the ``erased`` ones.

    What was read of each is not kept: nobody can be compared with it again.
    """
    cell["set"] = write_set(folder, tokens, people)
    cell["erased"] += erased
    cell.pop("figures", None)


def drop_unnamed(folder: Path, entries: Iterable[dict[str, Any]]) -> None:
    """Remove the sets that no entry names any more."""
    cells = [c for e in entries for c in cells_in(e)]
    named = {c["set"] for c in cells} | {c.get("figures") for c in cells}
    for path in sorted((folder / SETS).glob("*")):
        if path.name not in named:
            path.unlink()


def holding(private: Path, tokens: Tokens, pseudonyms: Iterable[str]) -> list[Path]:
    """The files of sets in which people still are."""
    gone = members([tokens.token(p) for p in pseudonyms])
    folder = private / FOLDER
    files = sorted((folder / SETS).glob("*"))
    return [p for p in files if np.isin(gone, read_set([folder], p.name)).any()]
