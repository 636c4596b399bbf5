"""Encryption of the crosswalk (`private/identity.duckdb`), where the project file asks for it.

Whoever opens that file names the keys from here; :class:`pipelines.engine.Engine` tells by the file
whether one is needed.
"""

from __future__ import annotations

import base64
from importlib import metadata
from typing import TYPE_CHECKING

from pipelines.engine import can_encrypt, is_encrypted
from pipelines.errors import Exit, UserError
from pipelines.keys import Purpose, derived, key_path, read_key, retired
from pipelines.workspace import read_json

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.config import Project
    from pipelines.identity import Identity
    from pipelines.workspace import Workspace


def require(project: Project) -> Project:
    """The project; raises :class:`UserError` where it asks for what this DuckDB cannot do.

    Call it before anything is read or written.
    """
    check(project.folder, project.settings.identity)
    return project


def check(project: Path, identity: Identity | None) -> None:
    """The same for a project folder and its section."""
    if identity is None or not identity.encrypt or can_encrypt():
        return
    duckdb = f"DuckDB {metadata.version('duckdb')}"
    raise UserError(
        f"{project / 'mentorlift.yml'}: identity: encrypt: {duckdb} cannot write "
        "encrypted files here: its extension httpfs is not installed",
        f"Install the extension httpfs of {duckdb} for this user (it is never downloaded by "
        "itself), or rely on an encrypted disk and remove the key.",
        Exit.PROJECT,
    )


def written_with(root: bytes, identity: Identity | None) -> tuple[str, ...]:
    """The key for writing the crosswalk; empty where it is to lie unencrypted."""
    return (_of(root),) if identity is not None and identity.encrypt else ()


def keys_of(project: str) -> tuple[str, ...]:
    """Keys that may open the crosswalk: of the root key in use, then of those before it."""
    path = key_path(project)
    roots = [read_key(path)] if path.is_file() else []
    return tuple(map(_of, (*roots, *retired(project).values())))


def keys_in(space: Workspace) -> tuple[str, ...]:
    """The same for a folder of results, whose manifests tell the project."""
    manifests = sorted(space.runs.glob("*/manifest.json"))
    names = dict.fromkeys(read_json(path, "manifest")["project"] for path in manifests)
    return tuple(dict.fromkeys(key for name in names for key in keys_of(name)))


def changes(crosswalk: Path, identity: Identity | None) -> list[str]:
    """What to say once a crosswalk that is there has been written anew in the other form."""
    if identity is None or not crosswalk.is_file() or is_encrypted(crosswalk) == identity.encrypt:
        return []
    now = "encrypted; the unencrypted file is gone" if identity.encrypt else "no longer encrypted"
    return [f"private/{crosswalk.name} is {now}; backups made before keep it as it was"]


def _of(root: bytes) -> str:
    """A key of 256 bits in the form that DuckDB takes."""
    return base64.b64encode(derived(root, Purpose.ENCRYPTION)).decode()
