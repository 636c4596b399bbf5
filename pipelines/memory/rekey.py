"""Brings the memory under another key: the same people, in the same sets, by their new tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.release.members import members
from pipelines.memory.forget import drop_unnamed, leave
from pipelines.memory.store import FOLDER, cells_in, entry_files, read_entry, read_set, write_entry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipelines.memory.store import Tokens


def is_under(private: Path, key_id: str) -> bool:
    """Whether something is remembered here under a key."""
    return any(read_entry(path)["key_id"] == key_id for path in entry_files(private))


def rekey(
    private: Path, old: tuple[str, Tokens], new: tuple[str, Tokens], people: Mapping[str, str]
) -> None:
    """Rename everybody in all sets that were made with the old key; ``people`` pairs pseudonyms.

    Whoever is not among them stands in no version any more and could not be found under the new
    key, so is taken out and counts as one who went, for ever. Repeated after an interruption it
    goes on: a rewritten entry says the new key.
    """
    folder, (before, was), (after, now) = private / FOLDER, old, new
    renamed = {was.token(a): now.token(b) for a, b in people.items()}
    entries = [read_entry(path) for path in entry_files(private)]
    for entry in (e for e in entries if e["key_id"] == before):
        for cell in cells_in(entry):
            found = read_set([folder], cell["set"]).tolist()
            kept = [renamed[t] for t in found if t in renamed]
            leave(folder, now, cell, members(kept), len(found) - len(kept))
        entry["key_id"] = after
        write_entry(folder, entry)
    drop_unnamed(folder, entries)
