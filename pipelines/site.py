"""The reports of all runs as a small site: a folder a run, and an index. Released figures only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import durable, record, workspace
from reports.index import IndexedRun, render_index

if TYPE_CHECKING:
    from pipelines.record import Record
    from pipelines.workspace import Workspace


def write(space: Workspace, mine: Record) -> None:
    """Copy what a reader gets of this run into the site, and write the index anew.

    Runs of which the site has no report any more are left out.
    """
    folder = space.page.parent
    for name in workspace.ARTIFACTS:
        source, target = space.out / name, folder / name
        if source.is_file():
            durable.write(target, source.read_bytes())
        else:
            target.unlink(missing_ok=True)
    listed = tuple(_indexed(space, r, mine) for r in record.records(space, mine.project))
    runs = tuple(r for r in listed if workspace.ARTIFACTS[0] in r.files)
    durable.write(space.index, render_index(mine.title, runs))


def _indexed(space: Workspace, kept: Record, mine: Record) -> IndexedRun:
    folder = space.site / kept.run
    return IndexedRun(
        run=kept.run,
        number=kept.number,
        as_known_at=kept.as_known_at,
        studies=kept.studies,
        files=tuple(name for name in workspace.ARTIFACTS if (folder / name).is_file()),
        in_force=kept.run == space.run,
        looser=kept.looser_than(mine),
    )
