"""What is left of an erased person: keyed hashes, by which a delivery that comes again is known.

A hash is made of the pseudonym, or of a cell in its normal form, with a key of its own purpose. It
says nothing without the key of the project, and so nothing of anybody once that key is gone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unicodedata
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipelines import versions
from pipelines.errors import Exit, UserError
from pipelines.ingest.pseudonym import Pseudonyms
from pipelines.keys import Purpose, derived
from pipelines.publish import write_private

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

FILE = "tombstones.json"
UNFINISHED = "erasing.json"  # of an erasure that has begun; killed early, it set no tombstone yet
WHOSE = ("person_id", "mentee_id")  # columns that say whose a row is; others only link to somebody
_GAPS = re.compile(r"[\s.,]+")
_FAMILY_NAME_FIRST = re.compile(r"^([^,]+),\s*([^,]+)$")


@dataclass(frozen=True)
class Tombstone:
    """Hashes of one person's pseudonyms and of cells that name the person; day and reason as told.

    Neither is looked up: no clock enters what a run reads. ``key_id`` names the key they were made
    with where that is not the one of the record.
    """

    identifiers: tuple[str, ...]
    cells: tuple[str, ...] = ()
    on: str | None = None
    reason: str = ""
    key_id: str = ""


@dataclass(frozen=True)
class Record:
    """The tombstones of an output folder; ``pending`` while an erasure has not ended."""

    key_id: str
    persons: tuple[Tombstone, ...] = ()
    pending: bool = False

    def digest(self) -> str:
        """A hash of whom a run leaves out; empty where that is nobody."""
        known = sorted({h for p in self.persons for h in (*p.identifiers, *p.cells)})
        return hashlib.sha256("\n".join(known).encode()).hexdigest() if known else ""


def read(folders: Iterable[Path], key_id: str, before: Collection[str] = ()) -> Record:
    """The tombstones in private folders, taken together; ``before`` are ids of keys that are kept.

    Raises :class:`UserError` where they were made with a key that is not at hand: nobody would be
    known again.
    """
    persons: dict[Tombstone, None] = {}
    pending = False
    for folder in folders:
        path = folder / FILE
        pending = pending or (folder / UNFINISHED).is_file()
        if not path.is_file():
            continue
        told = _parsed(path)
        if not {told.key_id, *(p.key_id for p in told.persons)} <= {key_id, *before}:
            raise UserError(
                f"{path}: made with another key than those at hand; erased persons would return",
                "Restore the key that belongs to this folder, or after a change of the key the "
                "retired one beside it; tombstones mean nothing to another.",
                Exit.PROJECT,
            )
        persons |= dict.fromkeys(under(key_id, told.persons))
        pending = pending or told.pending
    return Record(key_id, tuple(persons), pending)


def write(folder: Path, record: Record) -> None:
    """Write the tombstones of a private folder, readable by its owner alone."""
    text = json.dumps(versions.stamped("tombstones", asdict(record)), indent=1) + "\n"
    write_private(folder / FILE, text)


def end(folder: Path) -> None:
    """Write down that the erasure has ended; the tombstones stay, of whatever key they are."""
    path = folder / FILE
    if path.is_file():
        told = _parsed(path)
        write(folder, Record(told.key_id, tuple(dict.fromkeys(under(told.key_id, told.persons)))))


class Erased:
    """Tells erased persons by pseudonym, and cells that name them; each text is looked at once.

    Tombstones of keys before the one in use stay as they are: who they stand for is not known. They
    are asked by identifier (``anchored``, ``note``), each with its own key of ``retired``.
    """

    def __init__(self, record: Record, key: bytes, retired: Mapping[str, bytes] | None = None):
        self._key = derived(key, Purpose.ERASED)
        self._pseudonyms = Pseudonyms(key)
        made: dict[str, list[Tombstone]] = {}
        for person in record.persons:
            made.setdefault(person.key_id or record.key_id, []).append(person)
        own = made.pop(record.key_id, [])
        self._hashes = {h for p in own for h in p.identifiers}
        self._cells = {h for p in own for h in p.cells}
        self._known: dict[str, bool] = {}
        self._before = [
            Erased(Record(name, tuple(persons)), (retired or {})[name])
            for name, persons in sorted(made.items())
        ]

    def __bool__(self) -> bool:
        return bool(self._hashes or self._before)

    def hashed(self, pseudonym: str) -> str:
        """The tombstone of a pseudonym, 64 hexadecimal digits."""
        return hmac.digest(self._key, f"person:{pseudonym}".encode(), "sha256").hex()

    def hashed_cell(self, cell: str) -> str:
        """The tombstone of a cell that names a person."""
        return hmac.digest(self._key, f"cell:{_normal(cell)}".encode(), "sha256").hex()

    def also(self, pseudonyms: Iterable[str]) -> None:
        """Count these pseudonyms as erased too: other identifiers lead to the same persons."""
        self._known |= dict.fromkeys(pseudonyms, True)

    def is_erased(self, pseudonym: str | None) -> bool:
        """Whether the pseudonym is that of an erased person."""
        if pseudonym is None:
            return False
        if pseudonym not in self._known:
            self._known[pseudonym] = self.hashed(pseudonym) in self._hashes
        return self._known[pseudonym]

    def among(self, pseudonyms: pa.DictionaryArray) -> pa.Array:
        """Of each row of a column of pseudonyms, whether the person was erased.

        What an earlier key tells of them must have been noted before.
        """
        told = [self.is_erased(p) for p in pseudonyms.dictionary.to_pylist()]
        found = pa.array(told, pa.bool_()).take(pseudonyms.indices)
        return found.fill_null(False)

    def anchored(self, anchors: pa.Array) -> pa.Array:
        """The same of a column of anchors, from which pseudonyms are made, by whatever key."""
        made = self._pseudonyms.of(anchors)
        self.note(anchors, made)
        return self.among(made)

    def note(self, anchors: pa.Array, pseudonyms: pa.DictionaryArray) -> None:
        """Count pseudonyms as erased whose anchors a tombstone of an earlier key knows."""
        for before in self._before:
            gone = pseudonyms.filter(before.anchored(anchors))
            self.also(p for p in gone.unique().to_pylist() if p is not None)

    def pseudonym(self, anchor: str) -> str:
        """The pseudonym of an anchor."""
        return str(self._pseudonyms.of(pa.array([anchor], pa.string()))[0].as_py())

    def names(self, cell: str) -> bool:
        """Whether a delivered cell names an erased person, alone or in a list."""
        turned = _FAMILY_NAME_FIRST.sub(r"\2 \1", cell)
        forms = {cell, turned, *cell.split(";")} if cell else set()
        own = any(self.hashed_cell(form) in self._cells for form in forms)
        return own or any(before.names(cell) for before in self._before)


def under(key_id: str, persons: Iterable[Tombstone]) -> tuple[Tombstone, ...]:
    """Tombstones of a file in a record of this key, whose name is not repeated in each."""
    return tuple(replace(p, key_id="" if p.key_id == key_id else p.key_id) for p in persons)


def parsed(told: Mapping[str, Any]) -> Tombstone:
    """A tombstone of a file, with the name of its key as told."""
    identifiers, cells = tuple(told["identifiers"]), tuple(told["cells"])
    return Tombstone(identifiers, cells, told["on"], told["reason"], told.get("key_id", ""))


def _normal(cell: str) -> str:
    """A cell in the form in which it is compared: small letters, one space, no leading zeros."""
    text = _GAPS.sub(" ", unicodedata.normalize("NFC", cell).casefold()).strip()
    return text.lstrip("0") if text.isdigit() else text


def _parsed(path: Path) -> Record:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        versions.checked("tombstones", told.get(versions.KEY), path)
        persons = tuple(
            replace(p, key_id=p.key_id or told["key_id"]) for p in map(parsed, told["persons"])
        )
        return Record(str(told["key_id"]), persons, bool(told["pending"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        fix = "Restore it from a backup: without it, erased persons would return."
        raise UserError(f"{path}: not a list of tombstones", fix, Exit.PROJECT) from None
