"""What the draft impact assessment says, from the project file and the version in service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines import publish, workspace
from pipelines.config import load_project
from pipelines.engine import quote_identifier
from pipelines.erasure import tombstones
from pipelines.keys import key_id, retired
from pipelines.models import contracts
from pipelines.opened import opened
from reports.impact import Assessed, LastRun, SourceRead, render

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.config import Project, Settings
    from pipelines.delivery import Load, Source
    from pipelines.engine import Engine
    from pipelines.workspace import Workspace

_EVERYBODY = "select count(*) from staging.person"


def draft(project_dir: Path, out: Path) -> str:
    """The draft as Markdown; without a run it says what the project file knows.

    Raises :class:`UserError` where the warehouse in service is damaged or of another project.
    """
    project = load_project(project_dir)
    space = workspace.Workspace(out, "")
    if not (space.warehouses / publish.POINTER).is_file():
        return render(_assessed(project, None, {}))
    space = publish.in_force(space)
    return render(_assessed(project, _served(project, space), _reconciled(space)))


def _assessed(project: Project, last: LastRun | None, reconciled: dict[str, Any]) -> Assessed:
    settings = project.settings
    identity = settings.identity
    return Assessed(
        title=settings.title,
        purpose=settings.purpose,
        lawful_basis=settings.lawful_basis,
        months=settings.retention.months,
        min_group=settings.min_group,
        public=settings.disclosure == "public",
        programmes=tuple(p.name or p.id for p in settings.programmes),
        studies=tuple((s.title or s.study, s.question) for s in project.studies),
        instruments=tuple(sorted(use.called or use.use for use in settings.instruments)),
        systems=tuple((n, s.kind) for n, s in identity.systems.items()) if identity else (),
        encrypted=identity is not None and identity.encrypt,
        backups=settings.backups,
        sources=tuple(_source(s, settings, reconciled) for s in settings.sources),
        last=last,
    )


def _served(project: Project, space: Workspace) -> LastRun:
    """Counts of the version in service."""
    rules = project.settings.rules
    project_id, warehouse = project.settings.project, publish.resolve(space.warehouses)
    with opened(warehouse, "warehouse", project=project_id) as engine:
        people = [(role, rules.text(n)) for role, n in _people(engine) if n]
        held = engine.scalar("select count(*) from landed.quarantine")
    stones = tombstones.read([space.private], key_id(project_id), retired(project_id)).persons
    return LastRun(
        run=space.run,
        known_at=str(workspace.read_json(space.manifest)["as_known_at"]),
        people=tuple(people),
        quarantined=rules.text(held),
        erased=rules.text(len(stones)),
    )


def _people(engine: Engine) -> Iterator[tuple[str, int]]:
    """How many people stand in each column of identifiers."""
    yield "anybody", engine.scalar(_EVERYBODY)
    for table in contracts("landed"):
        for column in table.columns:
            if column.role == "identifier":
                name = quote_identifier(column.name)
                sql = f"select count(distinct {name}) from {table.name}"
                yield f"{table.table}: {column.name}", engine.scalar(sql)


def _reconciled(space: Workspace) -> dict[str, Any]:
    """Where the rows of the version in service went; empty where that is no longer kept."""
    told: dict[str, Any] = {}
    if space.reconciliation.is_file():
        told = workspace.read_json(space.reconciliation)
    return told


def _source(source: Source, settings: Settings, reconciled: dict[str, Any]) -> SourceRead:
    files = [f for f in reconciled.get("files", ()) if f["source"] == source.name]
    rows = sum(file["rows_in"] for file in files)
    linked = settings.identity.links if settings.identity else ()
    read = dict.fromkeys(x for load in source.loads for x in _columns(load))
    read |= dict.fromkeys(
        (header, f"identity: {system}")
        for link in linked
        if link.source == source.name
        for system, headers in link.ids.items()
        for header in ((headers,) if isinstance(headers, str) else headers)
    )
    unread = {name for file in files for name in file["columns_not_loaded"]}
    return SourceRead(
        name=source.name,
        pulled=source.postgres is not None,
        read=tuple(read),
        not_read=tuple(sorted(unread - {header for header, _ in read})),
        rows=settings.rules.text(rows) if files else "",
    )


def _columns(load: Load) -> Iterator[tuple[str, str]]:
    """Headers of a file with the column that each is read as."""
    for name, headers in load.columns.items():
        for header in (headers,) if isinstance(headers, str) else headers:
            yield header, f"{load.table}: {name}"
    for name, aliases in load.aliases.items():
        yield " or ".join(aliases), f"{load.table}: {name}"
    for header in load.attributes:
        yield header, f"{load.table}: {header}, kept for each person"
    if load.unpivot is not None:
        for header in load.unpivot.columns or (f"columns like {load.unpivot.pattern}",):
            yield header, f"{load.table}: {load.unpivot.value}, a line each"
