"""Restores a folder from a backup: beside its place first, proved, then renamed.

Persons who were erased since the backup was made do not come back: every list of tombstones within
reach holds, and what the archive still has of them is erased before the folder gets its name.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import durable, publish
from pipelines.backup import listed, shown
from pipelines.backup.contents import PROJECT, RESULTS, proof
from pipelines.backup.unpack import verify
from pipelines.config import PROJECT_FILE
from pipelines.day import private_folders
from pipelines.erasure import tombstones
from pipelines.errors import Exit, UserError
from pipelines.keys import key_id, key_path, retired
from pipelines.opened import opened
from pipelines.registry_file import FILE as REGISTRY
from pipelines.workspace import Workspace, file_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# What a folder may hold and still be restored into: it is kept, and taken together with the backup.
_MAY_STAY = {f"private/{tombstones.FILE}", f"private/{listed.FILE}", "run.lock"}
_REMEMBERED = f"private/{shown.FOLDER}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Archive, folder to be made, project with its deliveries, folders whose erasures hold too."""

    file: Path
    out: Path
    project: Path
    data: Path
    erased_in: tuple[Path, ...] = ()


def restore(places: Places, say: Callable[[str], None]) -> str:
    """Make the folder from the archive; the run that is in service in it.

    Raises :class:`UserError`, with nothing at the place of the folder, where the archive is not
    whole, its figures are not those that were saved, or erased persons would come back.
    """
    out = places.out.absolute()
    beside, aside = (out.with_name(f".{out.name}.{name}") for name in ("restoring", "before"))
    if aside.exists():  # an earlier restore was cut off between its two renames, or behind them
        shutil.rmtree(aside) if out.exists() else aside.rename(out)
    _check_empty(out)
    shutil.rmtree(beside, ignore_errors=True)
    publish.make_private(beside)
    try:
        index = verify(places.file, beside)
        durable.fault("restore-unpacked")
        made = beside / RESULTS
        space = Workspace(made, "")
        for folder in (space.private, space.runs, space.warehouses):
            publish.make_private(folder)
        made.chmod(0o755)  # as a run makes it: the site in it may be served
        _prove(space, index, places.file)
        durable.fault("restore-proved")
        folders = [out, Path(index["made_of"]), *places.erased_in]
        shown.bring(made, folders)
        _keep_erased(made, folders, places, index, say)
        _list_backups(made, out, places.file, index["run"])
        _registry(beside / PROJECT / REGISTRY, places.project / REGISTRY, say)
        _put_in_place(made, out, aside)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    if index["key_id"] in retired(index["project"]):
        say(
            "warning: the key was changed since; `mentorlift rotate-key` with --out "
            f"{out} brings this folder under the one in use"
        )
    elif key_id(index["project"]) != index["key_id"]:
        where = key_path(index["project"])
        say(f"warning: the key of this folder is not the one in use: restore that to {where}")
    return publish.run_in_force(out / "warehouse")


def _check_empty(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise UserError(f"{out}: is no folder", "Name a new folder.", Exit.USAGE)
    inside = {p.relative_to(out).as_posix() for p in out.rglob("*") if not p.is_dir()}
    if any(name not in _MAY_STAY and not name.startswith(_REMEMBERED) for name in inside):
        fix = "Name a new folder; or move this one away and name it with --erased-in."
        raise UserError(
            f"{out}: is not empty; a restore never writes over results", fix, Exit.USAGE
        )


def _prove(space: Workspace, index: dict[str, Any], file: Path) -> None:
    """The warehouse opens, and its tables have the rows and figures of the day of the backup."""
    warehouse = publish.resolve(space.warehouses)
    found = proof(warehouse)
    if found != index["proof"] or publish.run_in_force(space.warehouses) != index["run"]:
        fix = "Nothing was restored. Use another backup."
        raise UserError(f"{file}: the warehouse in it has other figures than were saved", fix)
    if space.analyst.exists():
        with opened(space.analyst, "analyst", older=True):
            pass


def _keep_erased(
    made: Path,
    folders: Sequence[Path],
    places: Places,
    index: dict[str, Any],
    say: Callable[[str], None],
) -> None:
    """Tombstones of all folders hold; who was erased since the backup is erased from it."""
    from pipelines.erasure.erase import Wanted, erase, incomplete

    privates = [Workspace(folder, "").private for folder in (made, *folders)]
    privates += private_folders(places.project, places.out.absolute())
    for folder in places.erased_in:
        if not (folder / "private" / tombstones.FILE).is_file():
            fix = "Name the folder of results, which has private/tombstones.json."
            raise UserError(f"--erased-in {folder}: holds no tombstones", fix, Exit.USAGE)
    every, since = _erased_since(privates, index)
    if not since:
        return
    if not (places.project / PROJECT_FILE).is_file():
        fix = "Name the project (--project, --data), so that the folder is made without them."
        what = f"{places.file}: made before an erasure; people erased since then: {len(since)}"
        raise UserError(what, fix, Exit.USAGE)
    if key_id(index["project"]) != index["key_id"]:
        raise UserError(
            f"{places.file}: made with another key than the one in use, and before an erasure; who "
            f"was erased since ({len(since)}) cannot be told in it",
            "Nothing was restored. Use a backup made after the key was changed; or copy "
            "private/tombstones.json of the folder in which they were erased into a new one, and "
            "run the project there.",
            Exit.PROJECT,
        )
    say(f"people erased since the backup was made: {len(since)}; the folder is made without them")
    tombstones.write(privates[0], every)
    certificate = erase(places.project, places.data, made, Wanted(), say)
    within = tuple(p for p in certificate.remaining if made in p.parents)
    if within:
        raise incomplete(replace(certificate, remaining=within))
    for path in (*certificate.remaining, places.file):
        say(f"warning: erased people still stand in {path}: make a new backup and remove it")


def _erased_since(
    privates: Sequence[Path], index: dict[str, Any]
) -> tuple[tombstones.Record, list[tombstones.Tombstone]]:
    """All tombstones, and those that the restored folder, the first, does not hold yet."""
    keys = {key_id(index["project"]), *retired(index["project"])}
    saved = tombstones.read(privates[:1], index["key_id"], keys)
    every = tombstones.read(privates, index["key_id"], keys)
    known = {h for person in saved.persons for h in person.identifiers}
    return every, [p for p in every.persons if not known.issuperset(p.identifiers)]


def _list_backups(made: Path, out: Path, file: Path, run: str) -> None:
    """An erasure in the new folder has to know this archive and those that were listed."""
    private, present = (Workspace(folder, "").private for folder in (made, out))
    this = listed.Backup(str(file.resolve()), run, file_hash(file))
    listed.write(private, [*listed.read(private), *listed.read(present), this])


def _registry(saved: Path, present: Path, say: Callable[[str], None]) -> None:
    """The registry of studies comes back where the project has none; one that is there stays."""
    if not saved.is_file() or not (present.parent / PROJECT_FILE).is_file():
        return
    if not present.exists():
        durable.write(present, saved.read_bytes(), 0o644)
    elif not present.read_bytes().startswith(saved.read_bytes()):
        say(
            f"{present}: is another than in the backup, and kept; the next run puts back what lacks"
        )


def _put_in_place(made: Path, out: Path, aside: Path) -> None:
    """Two renames; what stood at the place (tombstones, which the new one has too) goes last.

    A run may have begun there meanwhile: what it makes stays, and nothing is restored.
    """
    if out.exists():
        with publish.run_lock(out):
            _check_empty(out)
            out.rename(aside)
            durable.fault("restore-aside")
            made.rename(out)
        shutil.rmtree(aside, ignore_errors=True)
    else:
        made.rename(out)
