"""Writes a backup: one archive, complete or not there, for its owner alone, and in the list."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING, Any

from pipelines import durable, publish, versions
from pipelines.backup import listed
from pipelines.backup.contents import INDEX, PROJECT, RESULTS, Packed, as_json, files_of, proof
from pipelines.backup.unpack import verify
from pipelines.erasure import tombstones
from pipelines.erasure.retained import served
from pipelines.errors import Exit, UserError
from pipelines.keys import key_path, retired
from pipelines.registry_file import FILE as REGISTRY
from pipelines.workspace import Workspace, file_hash

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path


def backup(out: Path, file: Path, project: Path, say: Callable[[str], None]) -> listed.Backup:
    """Write what the output folder holds into one archive; the archive as listed.

    ``project`` is the folder whose registry of studies goes into it, where there is one. Raises
    :class:`UserError` where the file is there already or lies within the folder, where an erasure
    has not ended, or where nothing was published yet.
    """
    space = Workspace(out, "")
    if not out.is_dir():
        raise UserError(f"{out}: there is no such folder", "Name the folder of a run.")
    _check_place(out, file)
    with publish.run_lock(out):
        index, members = _contents(space, project)
        temporary = durable.temporary_of(file)
        try:
            _write(temporary, as_json(versions.stamped("backup", index)), members)
            durable.fault("backup-written")
            verify(temporary)
            made = listed.Backup(str(file.resolve()), index["run"], file_hash(temporary))
            listed.write(space.private, [*listed.read(space.private), made])
            durable.fault("backup-listed")
            durable.place(temporary, file)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    where = key_path(index["project"])
    say(f"The key of the pseudonyms is not in it: {where}. Keep that apart; both are needed.")
    return made


def _contents(space: Workspace, project: Path) -> tuple[dict[str, Any], dict[str, Path]]:
    """The index, and each file by its name in the archive."""
    manifest = served(space)
    keys = retired(manifest["project"])
    if tombstones.read([space.private], manifest["key_id"], keys).pending:
        fix = "End it with `mentorlift erase`: a backup made now would hold the person."
        raise UserError(f"{space.out}: an erasure was begun and has not ended", fix)
    members = {f"{RESULTS}/{p.relative_to(space.out).as_posix()}": p for p in files_of(space)}
    if (project / REGISTRY).is_file():
        members[f"{PROJECT}/{REGISTRY}"] = project / REGISTRY
    index = {
        "product": metadata.version("mentorlift"),
        **{name: manifest[name] for name in ("run", "project", "key_id")},
        "made_of": str(space.out.resolve()),
        "proof": proof(publish.resolve(space.warehouses)),
        "files": {name: asdict(_packed(path)) for name, path in members.items()},
    }
    return index, members


def _check_place(out: Path, file: Path) -> None:
    if file.exists():
        fix = "Choose a new name: a backup is never written over another."
        raise UserError(f"{file}: is there already", fix, Exit.USAGE)
    if out.resolve() in file.resolve().parents:
        fix = "Choose a place outside, best on another disk: what takes the folder takes it too."
        raise UserError(f"{file}: lies in the folder that is to be saved", fix, Exit.USAGE)


def _packed(path: Path) -> Packed:
    return Packed(file_hash(path), path.stat().st_size)


def _write(temporary: Path, index: bytes, members: dict[str, Path]) -> None:
    """The archive, on the disk; the same folder gives the same bytes."""
    with (
        _owned(temporary) as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        _add(archive, INDEX, io.BytesIO(index), len(index), 0o600)
        for name, path in members.items():
            with path.open("rb") as content:
                found = os.fstat(content.fileno())
                _add(archive, name, content, found.st_size, found.st_mode & 0o755)
    durable.flush(temporary, temporary)


def _add(
    archive: tarfile.TarFile, name: str, content: io.BufferedIOBase, size: int, mode: int
) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, mode
    archive.addfile(member, content)


def _owned(path: Path) -> AbstractContextManager[io.BufferedWriter]:
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
