"""The registry as a file: lines of JSON, each with the SHA-256 of the one before."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.registry import ENTRY_FIELDS, Entry
from pipelines import durable, versions
from pipelines.errors import Exit, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "registered_studies.jsonl"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the registry: its entry, its SHA-256, and whether it was put back."""

    entry: Entry
    sha256: str
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class Registry:
    """The file as read. ``broken`` are numbers of lines that do not follow from the one before.

    ``whole`` is its length up to the last complete line: what follows was being written when a run
    was killed, and counts for nothing. ``last`` is the SHA-256 of the last line.
    """

    lines: tuple[Line, ...] = ()
    broken: tuple[int, ...] = ()
    whole: int = 0
    last: str = ""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries, oldest first: what had to be put back was there before the rest."""
        kept = sorted(self.lines, key=lambda line: not line.recovered)
        return tuple(line.entry for line in kept)


def read(folder: Path) -> Registry:
    """The registry of a project folder, empty where there is none; nothing in it is a crash."""
    path = folder / FILE
    return parse(path.read_bytes()) if path.is_file() else Registry()


def parse(content: bytes) -> Registry:
    """The registry from its bytes; lines that hold no entry are named and left out."""
    whole = content.rfind(b"\n") + 1
    lines, broken, last = [], [], ""
    for number, raw in enumerate(content[:whole].splitlines(), start=1):
        text = raw.decode("utf-8", errors="replace").strip()
        try:
            item = json.loads(text)
            versions.checked("registry", item.get(versions.KEY), Path(FILE))
            line = Line(entry_from(item["entry"]), sha256_of(text), item.get("recovered") is True)
            follows = item["previous"] == last
        except (ValueError, KeyError, TypeError, AttributeError):
            follows = False
        else:
            lines.append(line)
        if not follows:
            broken.append(number)
        last = sha256_of(text)
    return Registry(tuple(lines), tuple(broken), whole, last)


def entry_from(values: dict[str, Any]) -> Entry:
    """An entry read back; TypeError or KeyError where it is none."""
    entry = Entry(**{name: values[name] for name in ENTRY_FIELDS})
    texts = (getattr(entry, name) for name in ENTRY_FIELDS if name != "meaning")
    arms = entry.meaning["arms"]
    named = (entry.meaning["programme"], entry.meaning["design"])
    parts = (entry.meaning["outcome"]["metric"], *named, arms["comparison"])
    if not all(isinstance(text, str) for text in (*texts, *parts, *arms["treated"])):
        raise TypeError
    return entry


def line_of(entry: Entry, previous: str, *, recovered: bool) -> str:
    """The line of an entry behind the line of that SHA-256."""
    item = versions.stamped("registry", {"entry": asdict(entry)})
    item |= {"recovered": True} if recovered else {}
    text = json.dumps({**item, "previous": previous}, ensure_ascii=False)
    return text + "\n"


def sha256_of(line: str) -> str:
    """SHA-256 of a line without its end."""
    return hashlib.sha256(line.strip().encode()).hexdigest()


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """The registry, open and held alone; runs into other output folders wait for the moment."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise UserError(
            f"{path}: cannot be written: {error.strerror}",
            "Let the run write in the project folder: a study is registered there, beside its "
            "project file, before its answer is shown.",
            Exit.SYSTEM,
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with durable.naming(path):
            yield handle
    finally:
        os.close(handle)


def content_of(handle: int) -> bytes:
    """All bytes of an open file."""
    return os.pread(handle, os.fstat(handle).st_size, 0)


def append(handle: int, whole: int, text: str) -> None:
    """Write behind the last complete line, on the disk before anything else goes on."""
    data = text.encode()
    os.ftruncate(handle, whole)  # the rest of a line that a killed run did not finish
    try:
        durable.fault("registry-opened")
        done = 0
        while done < len(data):
            done += os.pwrite(handle, data[done:], whole + done)
        durable.fault("registry-written")
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, whole)
        raise
