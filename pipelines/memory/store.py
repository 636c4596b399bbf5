"""How the memory lies on disk: an entry a run, and each set of people once.

`private/shown/RUN.json` names the sets of a run and holds the answers that it was the first to
show; `private/shown/sets/` has the sets, under their keyed hashes. A person is a token of 8 bytes,
made of the pseudonym with a key for this purpose alone.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines import publish, versions
from pipelines.errors import Exit, UserError
from pipelines.keys import Purpose, derived

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from analysis.release.members import Members

FOLDER, SETS = "shown", "sets"
SCHEMA = versions.SCHEMAS["shown"]
RESTORE = "Restore the folder from a backup; without it two reports may give a person away."


@dataclass(frozen=True, slots=True)
class Tokens:
    """Names people and sets in the memory, by keyed hashes."""

    key: bytes

    @classmethod
    def of(cls, project_key: bytes) -> Tokens:
        """With the key of this purpose, derived from that of the project."""
        return cls(derived(project_key, Purpose.SHOWN))

    def token(self, pseudonym: str) -> int:
        """The first 8 bytes of the keyed hash of a pseudonym."""
        made = hmac.digest(self.key, pseudonym.encode(), "sha256")
        return int.from_bytes(made[:8], "little")

    def with_content(self, token: int, number: int, about: str) -> int:
        """The same of a person together with what was read of them, and what for."""
        told = token.to_bytes(8, "little") + number.to_bytes(8, "little") + about.encode()
        return int.from_bytes(hmac.digest(self.key, told, "sha256")[:8], "little")

    def name(self, found: Members) -> str:
        """The name of a set: 32 hexadecimal digits, equal for equal sets alone."""
        return hmac.digest(self.key, b"set:" + as_bytes(found), "sha256").hex()[:32]


def as_bytes(found: Members) -> bytes:
    """A set as it lies on disk: tokens of 8 bytes, little-endian, rising."""
    return bytes(found.astype("<u8").tobytes())


def entry_files(private: Path) -> list[Path]:
    """The entries of runs in a private folder."""
    return sorted((private / FOLDER).glob("*.json"))


def read_entry(path: Path) -> dict[str, Any]:
    """The entry of a run; UserError where it is not one of this version."""
    try:
        entry: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        known = versions.checked("shown", entry["schema_version"], path) == SCHEMA
        known = known and bool(entry["run"])
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise UserError(f"{path}: not a record of what was shown", RESTORE, Exit.PROJECT)
    return entry


def cells_in(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The cells of all studies in the entry of a run."""
    return (cell for study in entry["studies"] for cell in study["cells"])


def write_entry(folder: Path, entry: dict[str, Any]) -> None:
    """Write the entry of a run, for its owner alone."""
    for each in (folder.parent, folder):
        publish.make_private(each)
    text = json.dumps(entry, indent=1, ensure_ascii=False) + "\n"
    publish.write_private(folder / f"{entry['run']}.json", text)


def write_set(folder: Path, tokens: Tokens, found: Members) -> str:
    """Write a set unless it is there; its name."""
    path = folder / SETS / tokens.name(found)
    if not path.is_file():
        publish.write_private(path, as_bytes(found))
    return path.name


def read_set(folders: Sequence[Path], name: str) -> Members:
    """A set by its name; UserError where it is gone or damaged."""
    for path in (folder / SETS / name for folder in folders):
        if path.is_file():
            content = path.read_bytes()
            if len(content) % 8 == 0:
                return np.frombuffer(content, dtype="<u8").astype(np.uint64)
    problem = f"{folders[0] / SETS / name}: a set of people that was shown is gone or damaged"
    raise UserError(problem, RESTORE, Exit.PROJECT)
