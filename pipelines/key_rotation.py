"""Changes the key of a project: everything keyed is made again under a new one and published.

The rows come from the delivered files, so nothing of the old key is translated and nothing made
with it stays: warehouses, the analysts' file, the crosswalk. The memory of what was shown is
renamed, person by person. Tombstones are the exception: whom they stand for is not known any more,
so they stay as they are, and the old key is kept beside the new one to ask them, and for nothing
else; re-delivered old files are what they guard against.

Every step can be repeated: what is going on stands in the private folder until all is done.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines import durable, key_chain, publish, workspace
from pipelines.config import load_project
from pipelines.encryption import require
from pipelines.engine import Engine
from pipelines.erasure.expire import expire
from pipelines.erasure.retained import served
from pipelines.errors import Exit, UserError
from pipelines.key_chain import Chain
from pipelines.keys import (
    NEXT,
    id_of,
    key_path,
    load_key,
    retired,
    retired_path,
    write_key,
)
from pipelines.memory import showing
from pipelines.memory.rekey import is_under, rekey
from pipelines.memory.store import Tokens
from pipelines.run import STAGES, begin, end, prepare, run_stages

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.run import Context

FAULTS = (
    "rotate-noted",
    "rotate-kept",
    "rotate-switched",
    "rotate-renamed",
    "rotate-rebuilt",
    "rotate-expired",
)
_PEOPLE = "select person_key from staging.person order by person_no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What a change of the key left behind; ``stones`` tombstones still ask the old key."""

    run: str
    old: str
    new: str
    kept_at: Path
    key_at: Path
    stones: int
    removed: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which output folder is made again, and how its run was asked for."""

    project: Path
    data: Path
    out: Path
    day: dt.date | None = None
    study: str | None = None

    def how(self) -> dict[str, Any]:
        """What a run is told beside its folders, so that it makes the version in service."""
        exact = bool(served(workspace.Workspace(self.out, "")).get("exact_rows"))
        return {"exact_rows": exact, "day": self.day, "study": self.study}


def rotate(asked: Asked, say: Callable[[str], None]) -> Rotation:
    """Take a new key into use and make all of an output folder again with it.

    A folder that is still under a key before the one in use is made again under this one. Raises
    :class:`UserError` before anything is written where the version in service cannot be made again
    as it is from the files at hand.
    """
    project = require(load_project(asked.project))
    if not asked.out.is_dir():
        problem = f"{asked.out}: there is no such folder"
        raise UserError(problem, "Name the folder of a run with --out.")
    private = workspace.Workspace(asked.out, "").private
    with publish.run_lock(asked.out):
        load_key(project.settings.project)  # says what is wrong with the key in use
        path = key_path(project.settings.project)
        chain = key_chain.read(private)
        if not chain.pending:
            _check_served(asked)
        chain = _noted(asked, path, chain)
        old, new = chain.ids[-2:]
        _switch(path, old, new)
        durable.fault("rotate-switched")
        context = begin(asked.project, asked.data, asked.out, say, **asked.how())
        context = run_stages(context, "build", say)
        _rename_remembered(context, old, new)
        context = run_stages(context, STAGES[-1], say)
        end(context)
        durable.fault("rotate-rebuilt")
        removed = expire(context.space)
        durable.fault("rotate-expired")
        key_chain.write(private, Chain(chain.ids))
        return Rotation(
            run=context.space.run,
            old=old,
            new=new,
            kept_at=retired_path(path, old),
            key_at=path,
            stones=sum(bool(person.key_id) for person in context.erased.persons),
            removed=tuple(removed),
        )


def _check_served(asked: Asked) -> None:
    """Whether a run would make just the version in service, so that the key alone changes."""
    context = prepare(asked.project, asked.data, asked.out, **asked.how())
    if context.space.run != publish.run_in_force(context.space.warehouses):
        raise UserError(
            f"{asked.out}: the version in service was made of other files, on another day, by "
            "another project file or another version of mentorlift; with a new key it would not "
            "be the same",
            "Run the project, look at the report, then change the key. Files that are gone from "
            "the deliveries must be restored first, for their rows are read again.",
        )
    before = str(served(context.space)["key_id"])
    # Where the key was changed by way of another folder, it can end under the new one alone.
    if context.erased.pending and before == context.manifest.key_id:
        fix = "Run `mentorlift erase` until it ends: it looks for pseudonyms of the key in use."
        raise UserError("An erasure was begun and has not ended.", fix, Exit.PROJECT)


def _noted(asked: Asked, path: Path, chain: Chain) -> Chain:
    """The keys with the one to come, which is made and written down unless it was before."""
    space = workspace.Workspace(asked.out, "")
    now = id_of(path)
    if chain.pending and chain.ids[-1] == now:  # interrupted after the switch
        return chain
    before = str(served(space)["key_id"])
    if not chain.pending and before != now:  # the key was changed by way of another folder
        noted = Chain((before, now), pending=True)
    else:
        coming = path.with_name(path.name + NEXT)
        if not coming.exists():
            write_key(coming)
        known = chain.ids[: -2 if chain.pending else -1]
        noted = Chain((*known, now, id_of(coming)), pending=True)
    key_chain.write(space.private, noted)
    durable.fault("rotate-noted")
    return noted


def _rename_remembered(context: Context, old: str, new: str) -> None:
    """Bring what was shown before under the new key, in every folder that a run asks for it.

    The version in service and the marts of this run are of the same files, so that a number of a
    person is the same person in both.
    """
    folders = [f for f in showing.known_folders(context) if is_under(f, old)]
    if not folders:
        return
    space, project = context.space, context.project.settings.project
    if publish.run_in_force(space.warehouses) != space.run:
        problem = f"{space.out}: project or program are others than when the change of key began"
        raise UserError(problem, "Put them back as they were, and give the command again.")
    databases = (publish.resolve(space.warehouses), space.built)
    people = dict(zip(*map(_pseudonyms, databases), strict=True))
    keys = [Tokens.of(key) for key in (retired(project)[old], load_key(project)[0])]
    with ExitStack() as held:
        for folder in folders:
            if folder != space.private:
                held.enter_context(publish.run_lock(folder.parent))
            rekey(folder, (old, keys[0]), (new, keys[1]), people)
    durable.fault("rotate-renamed")


def _pseudonyms(database: Path) -> list[str]:
    """The pseudonyms in a database, in the order of the numbers of the persons."""
    with Engine.open(database, read_only=True) as engine:
        return [key for (key,) in engine.rows(_PEOPLE)]


def _switch(path: Path, old: str, new: str) -> None:
    """Keep the key in use under its id, and put the new one in its place, in one step."""
    if id_of(path) == new:
        return
    kept = retired_path(path, old)
    if not kept.exists():
        durable.write(kept, path.read_bytes(), 0o600)
    durable.fault("rotate-kept")
    durable.place(path.with_name(path.name + NEXT), path)
