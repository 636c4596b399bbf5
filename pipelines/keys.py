"""The keys of a project: where they lie, what is derived from them, and how one follows another.

A project has one root key. Pseudonyms are made with it (every message begins with "person:"); all
else has a key of its own purpose, derived by HMAC-SHA-256 from the root and a label (the extract
step of RFC 5869 is not needed: the root is random). A draw uses no key: its seed is public, so
that anybody can make it again.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from pipelines import durable
from pipelines.errors import Exit, UserError

NEXT = ".next"  # behind the name of the key file: a key that is about to come into use
_ID_LENGTH = 12


class Purpose(StrEnum):
    """What a derived key is for. A label that is in use is never changed: what it made would go."""

    ERASED = "mentorlift: erased persons"
    SHOWN = "mentorlift: people behind what was shown"
    ENCRYPTION = "mentorlift: encryption of the crosswalk"


def derived(key: bytes, purpose: Purpose) -> bytes:
    """The key of a purpose, 32 bytes; neither the root nor another purpose follows from it."""
    return hmac.digest(key, purpose.value.encode(), "sha256")


def key_id(project: str) -> str:
    """A name for the key in use, empty where none has been made yet."""
    path = key_path(project)
    return id_of(path) if path.is_file() else ""


def id_of(path: Path) -> str:
    """The name of the key in a file, which does not lead to the key."""
    return hashlib.sha256(b"key id:" + path.read_bytes().strip()).hexdigest()[:_ID_LENGTH]


def key_path(project: str) -> Path:
    """Where the key lies: outside every output folder, or where MENTORLIFT_KEY_FILE says."""
    named = os.environ.get("MENTORLIFT_KEY_FILE")
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return Path(named) if named else base / "mentorlift" / f"{project}.key"


def load_key(project: str) -> tuple[bytes, Path, bool]:
    """The root key, where it lies, and whether it was made just now.

    At least 128 random bits, mode 0600, outside every output folder (reliability thresholds).
    """
    path = key_path(project)
    made = False
    if not path.exists():
        if os.environ.get("MENTORLIFT_KEY_FILE"):
            raise UserError(
                f"{path}: the key file named by MENTORLIFT_KEY_FILE is absent",
                "Restore it, or unset the variable to let a new key be made. A new key gives new "
                "pseudonyms.",
                Exit.PROJECT,
            )
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):  # another run has made one meanwhile
            write_key(path)
            made = True
    durable.forget_twin(path)
    return read_key(path), path, made


def write_key(path: Path) -> None:
    """Make a key of 256 random bits in a new file for its owner alone."""
    durable.create(path, secrets.token_hex(32) + "\n", 0o600)


def read_key(path: Path) -> bytes:
    """The key in a file; raises :class:`UserError` where it holds none."""
    try:
        key = bytes.fromhex(path.read_text().strip())
    except (ValueError, UnicodeDecodeError):
        key = b""
    if len(key) < 16:
        raise UserError(
            f"{path}: not a key: at least 32 hexadecimal digits are needed",
            "Restore the key from your backup.",
            Exit.PROJECT,
        )
    return key


def retired_path(path: Path, name: str) -> Path:
    """Where a key that is no longer in use lies, beside the one at ``path``."""
    return path.with_name(f"{path.name}.{name}")


def retired(project: str) -> dict[str, bytes]:
    """Keys that were in use before, by id, as far as they are kept; for tombstones alone."""
    path = key_path(project)
    ending = re.compile(rf"[0-9a-f]{{{_ID_LENGTH}}}")
    files = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    begun = {f.name.removeprefix(f"{path.name}."): f for f in files if f.name != path.name}
    return {name: read_key(f) for name, f in begun.items() if ending.fullmatch(name)}
