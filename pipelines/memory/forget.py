"""Takes erased people out of the memory, and looks whether they are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.release.members import members
from pipelines.memory.store import (
    FOLDER,
    SETS,
    entry_files,
    read_entry,
    read_set,
    write_entry,
    write_set,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

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
        for cell in (c for study in entry["studies"] for c in study["cells"]):
            found = read_set([folder], cell["set"])
            left = np.setdiff1d(found, gone, assume_unique=True)
            if len(left) < len(found):
                cell["set"] = write_set(folder, tokens, left)
                cell["erased"] += len(found) - len(left)
                cell.pop("figures", None)  # nobody can be compared with them again
                touched = True
        if touched:
            write_entry(folder, entry)
    drop_unnamed(folder, entries)


def drop_unnamed(folder: Path, entries: Iterable[dict[str, Any]]) -> None:
    """Remove the sets that no entry names any more."""
    cells = [c for e in entries for s in e["studies"] for c in s["cells"]]
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
