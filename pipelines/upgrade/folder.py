"""The upgrade of an output folder: what is older is written anew, compared, then put in its place.

The pointer of the warehouse switches last. Whatever interrupts before that leaves the old warehouse
in service, and the upgrade can be repeated; the old file stays as the version before.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines import catalog, durable, publish, versions
from pipelines.durable import fault
from pipelines.engine import MEMORY, Engine
from pipelines.errors import Exit, UserError
from pipelines.ingest import ledger
from pipelines.opened import opened, version_of
from pipelines.upgrade import steps
from pipelines.versions import Newer
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


FAULTS = (
    "upgrade-copied", "upgrade-stepped", "upgrade-compared", "upgrade-identity", "upgrade-ledger",
    "upgrade-analyst",
)  # fmt: skip


def bring_up(
    space: Workspace,
    say: Callable[[str], None],
    *,
    made_anew: bool = False,
    keys: Sequence[str] = (),
) -> tuple[str, ...]:
    """Bring warehouse, analysts' file, crosswalk and ledger to this version; kinds that were older.

    Call it under the run lock. Raises :class:`UserError`, with everything as it was, where a file
    is damaged, foreign or newer, or where a figure would not be the same. What a run is about to
    make anew (``made_anew``) may be damaged or foreign, which is said. ``keys`` may open the
    crosswalk; what was encrypted stays so.
    """
    old = _older(space, say if made_anew else None, keys)
    if not old:
        return ()
    say(f"upgrade: {', '.join(old)} written by an earlier version of mentorlift")
    if "identity" in old:
        publish.settle(_copy(space.identity, space.identity, "identity", keys), space.identity)
        fault("upgrade-identity")
    if "ledger" in old:
        ledger.rewrite(space.ledger)
        fault("upgrade-ledger")
    if "warehouse" in old or "analyst" in old:
        _warehouse(space, say)
    return old


@contextmanager
def held(out: Path, say: Callable[[str], None], keys: Sequence[str] = ()) -> Iterator[None]:
    """Hold an output folder alone, brought to this version."""
    with publish.run_lock(out):
        bring_up(Workspace(out, ""), say, keys=keys)
        yield


def _older(
    space: Workspace, warn: Callable[[str], None] | None, keys: Sequence[str]
) -> tuple[str, ...]:
    """The kinds of file in service that are of an earlier version."""
    found = {}
    for kind in ("warehouse", "analyst", "identity"):
        try:
            found |= _version(space, kind, keys)
        except UserError as error:
            if warn is None or isinstance(error, Newer) or error.exit_code != Exit.DATA:
                raise
            warn(f"warning: {error.problem.rstrip('.')}; it is made anew")
    if space.ledger.is_file():
        found["ledger"] = ledger.version(space.ledger)
    return tuple(kind for kind, version in found.items() if version < versions.SCHEMAS[kind])


def _version(space: Workspace, kind: str, keys: Sequence[str]) -> dict[str, int]:
    """The version of a database in service; empty where there is none."""
    path = {"analyst": space.analyst, "identity": space.identity}.get(kind)
    if path is None:
        if not (space.warehouses / publish.POINTER).exists():
            return {}
        path = publish.resolve(space.warehouses)
    if not path.exists():
        return {}
    with opened(path, kind, older=True, keys=keys) as engine:
        return {kind: version_of(engine, kind, path)}


def _copy(source: Path, target: Path, kind: str, keys: Sequence[str] = ()) -> Path:
    """A copy of this version that is to become ``target``, with the same rows and figures."""
    temporary = publish.fresh(target)
    durable.copy(source, temporary)
    temporary.chmod(0o600)
    fault("upgrade-copied")
    try:
        with Engine.open(temporary, memory=MEMORY, keys=keys) as engine:
            with engine.transaction():
                steps.apply(engine, kind, version_of(engine, kind, source))
            engine.checkpoint()
        fault("upgrade-stepped")
        _compare(source, temporary, keys)
    except Exception:
        publish.fresh(target)  # nothing half made stays
        raise
    fault("upgrade-compared")
    return temporary


def _compare(source: Path, made: Path, keys: Sequence[str] = ()) -> None:
    with Engine.memory(memory=MEMORY) as engine:
        engine.attach(source, "before", keys=keys)
        engine.attach(made, "after", keys=keys)
        if others := steps.differences(engine, "before", "after"):
            raise UserError(
                f"{source}: not upgraded: rows or figures would be others in {', '.join(others)}",
                "The old file stays in service. This is a defect: report the version it is from.",
                Exit.UNEXPECTED,
            )


def _warehouse(space: Workspace, say: Callable[[str], None]) -> None:
    """The warehouse in a new file beside the old one, and the analysts' file made of it."""
    source = publish.resolve(space.warehouses)
    with opened(source, "warehouse", older=True) as engine:
        current = version_of(engine, "warehouse", source) == versions.SCHEMAS["warehouse"]
    target = source if current else publish.upgraded(source, versions.SCHEMAS["warehouse"])
    temporary = source if current else _copy(source, target, "warehouse")
    analyst = durable.temporary_of(space.analyst)
    catalog.write_analyst_file(temporary, analyst, memory=MEMORY)
    analyst.chmod(0o600)
    if space.analyst.exists():
        _compare(space.analyst, analyst)
    fault("upgrade-analyst")
    if current:
        durable.place(analyst, space.analyst)
    else:
        publish.put_in_force(temporary, target, [analyst])
        say(f"published warehouse {target.name}; the one before is kept as {source.name}")
