"""A published folder with secrets all around it, and a watch on every touch of them."""

from __future__ import annotations

import ctypes
import hashlib
import os
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

import duckdb

from tests.unit.analyst_file import publish

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-"  # whatever an attack finds begins with this
ROW = f"{CANARY}row"  # in tables of the published file that are not for asking
LIBC = ctypes.CDLL(None, use_errno=True)
# From <sys/inotify.h>: access, modify, attributes, close after writing, open, moves, make, delete.
TOUCHES = 0x1 | 0x2 | 0x4 | 0x8 | 0x20 | 0x40 | 0x80 | 0x100 | 0x200
NONBLOCKING = 0o4000
EVENT = struct.Struct("iIII")


def lay_out(root: Path) -> tuple[Path, Path]:
    """Make the published folder and a home; returns the analysts' file and the home."""
    folder, home = root / "published", root / "home"
    for place in (folder, home, home / ".aws", home / ".duckdb" / "stored_secrets"):
        place.mkdir(parents=True)
    db = publish(folder)
    with duckdb.connect(str(db)) as made:
        made.execute(f"create table landed.notes as select '{ROW}-note' as name")
        # What was deleted stays in the bytes of the file until its pages are used again.
        made.execute(f"create table marts.gone as select '{ROW}-gone' || range as x from range(9)")
        made.execute("checkpoint")
        made.execute("drop table marts.gone")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as made:
        made.execute(f"create table people as select '{CANARY}warehouse' as name")
    secrets = (
        folder / "secret.csv",
        folder / "k.csv",
        folder / "i\u0307.csv",
        folder / "warehouse.duckdb.wal",
        folder / "identity.duckdb",
        home / ".netrc",
        home / ".duckdbrc",
        home / ".aws" / "credentials",
        home / ".duckdb" / "stored_secrets" / "s.duckdb_secret",
    )
    for file in secrets:
        file.write_text(f"a,b\n{CANARY}{file.name},2\n", encoding="utf-8")
    return db, home


def state(root: Path) -> dict[str, tuple[int, int, str]]:
    """Mode, time of change and hash of everything below the folder."""

    def seen(path: Path) -> tuple[int, int, str]:
        about = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        return about.st_mode, about.st_mtime_ns, hashlib.sha256(content).hexdigest()

    return {str(path.relative_to(root)): seen(path) for path in sorted(root.rglob("*"))}


class Watch:
    """Tells which files below a folder were opened, read, written, made or removed (inotify)."""

    def __init__(self, root: Path) -> None:
        self.stream = LIBC.inotify_init1(NONBLOCKING)
        self.places: dict[int, str] = {}
        for place in (root, *(p for p in sorted(root.rglob("*")) if p.is_dir())):
            number = LIBC.inotify_add_watch(self.stream, os.fsencode(place), TOUCHES)
            if number < 0:
                raise OSError(ctypes.get_errno(), f"{place} cannot be watched")
            self.places[number] = str(place)

    def touched(self) -> list[str]:
        """The files touched since the last call."""
        found: dict[str, None] = {}
        with suppress(BlockingIOError):
            while data := os.read(self.stream, 2**16):
                while data:
                    place, _, _, length = EVENT.unpack_from(data)
                    name = data[EVENT.size : EVENT.size + length].rstrip(b"\0")
                    found[os.path.join(self.places.get(place, "?"), os.fsdecode(name))] = None  # noqa: PTH118
                    data = data[EVENT.size + length :]
        return list(found)
