"""The landed rows without erased persons, copied from the warehouse where deliveries have changed.

What was delivered once and deleted since cannot be read again; a rebuild from the files that are
left would take everybody's rows of it away. So the rows are copied into a new file, table by table:
deleting them in place would leave their bytes.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipelines import publish, workspace
from pipelines.config import load_project
from pipelines.day import only
from pipelines.encryption import keys_of, written_with
from pipelines.engine import MEMORY, Engine, quote_identifier
from pipelines.erasure.tombstones import WHOSE, Erased
from pipelines.errors import UserError
from pipelines.ingest import input_hashes
from pipelines.ingest.identity import store
from pipelines.ingest.pseudonym import ERASED
from pipelines.keys import retired
from pipelines.models import contracts, create_described
from pipelines.run import Context

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.config import Project
    from pipelines.erasure.tombstones import Record
    from pipelines.models import Contract

    Taken = dict[tuple[str, str, str, str], int]  # rows by source, file, table, what they were


def deliveries_differ(project: Project, space: workspace.Workspace, data: Path) -> bool:
    """Whether the delivered files are others than those the version in service was made of.

    Files may be gone, or new; or the version is one of a past day. An erasure takes nothing else
    away, and nothing in. Pulled files are known by their names: nobody but an erasure changes them.
    """
    pulled = {s.name for s in project.settings.sources if s.postgres is not None}

    def told(inputs: dict[str, str]) -> dict[str, str]:
        return {n: "" if n.split("/")[0] in pulled else h for n, h in inputs.items()}

    try:
        return told(input_hashes(project.settings, data)) != told(served(space)["inputs"])
    except UserError:  # a source has no file any more
        return True


def served(space: workspace.Workspace) -> dict[str, Any]:
    """The manifest of the version in service."""
    told: dict[str, Any] = workspace.read_json(publish.in_force(space).manifest, "manifest")
    return told


def apart(project: Project, space: workspace.Workspace) -> str | None:
    """The one study that the folder is about; None where it is about the whole project.

    Told by the project as the version in service had it, else by the name of the folder.
    """
    told = served(space)
    if told["project_hash"] == project.digest:
        return None
    names = [spec.study for spec in project.studies]
    same = (name for name in names if only(project, name).digest == told["project_hash"])
    called = (n for n in names if space.out.name.endswith(f"-{n}") and [*told["studies"]] == [n])
    return next(same, None) or next(called, None)


def begin_retained(project_dir: Path, data: Path, out: Path, gone: Record, key: bytes) -> Context:
    """A run whose landing is the one in service without the erased persons; its first stage done.

    Workbooks for HR go, as their rows may stand in files that are gone; the next run writes those
    of the others again.
    """
    project = load_project(project_dir)
    serving = publish.in_force(workspace.Workspace(out, ""))
    if study := apart(project, serving):
        project = only(project, study)
    saved = workspace.read_json(serving.manifest, "manifest")
    manifest = workspace.new_manifest(
        project, saved["inputs"], exact_rows=saved["exact_rows"], erased=f"{gone.digest()} retained"
    )
    manifest = replace(manifest, key_id=gone.key_id)
    space = workspace.Workspace(out, manifest.run)
    context = Context(project, data, space, workspace.resume(space, manifest), None, gone)
    if context.finished("report"):
        return context
    publish.sweep(space)
    space.work.mkdir(parents=True, exist_ok=True)
    erased = Erased(gone, key, retired(project.settings.project))
    temporary = publish.fresh(space.landed)
    with Engine.open(temporary, memory=MEMORY) as engine:
        engine.attach(publish.kept(serving), "old")
        taken = _copy(engine, erased)
        engine.detach("old")
    publish.settle(temporary, space.landed)
    told = workspace.read_json(serving.reconciliation)
    workspace.write_json(space.reconciliation, _less(told, taken))
    if project.settings.identity:
        keys = keys_of(project.settings.project), written_with(key, project.settings.identity)
        store.rewrite(space.private, erased, *keys)
    shutil.rmtree(space.quarantine, ignore_errors=True)
    return context.finish("ingest")


def _copy(engine: Engine, erased: Erased) -> Taken:
    """Fill new landed tables from the old ones; how many rows of each file were left out."""
    tables = contracts("landed")
    keys = {key for table in tables for key in _keys(engine, table)}
    gone = pa.table({"key": pa.array(sorted(filter(erased.is_erased, keys)), pa.string())})
    engine.register("gone", gone)
    taken: Taken = {}
    for table in tables:
        create_described(engine, table)
        names = [c.name for c in table.columns]
        whose = [name for name in names if name in WHOSE]
        out = " or ".join(f"coalesce({n} in (select key from gone), false)" for n in whose)
        links = [c.name for c in table.columns if c.role == "identifier" and c.name not in WHOSE]
        chosen = ", ".join(
            f"case when {n} not in (select key from gone) then {n} end as {n}"
            if n in links
            else quote_identifier(n)
            for n in names
        )
        old = f"old.{table.name}"
        engine.run(
            f"insert into {table.name} by name select {chosen} from {old} "
            f"where not ({out or 'false'}) order by rowid"
        )
        if whose and "_file" in names:
            _count(engine, table, old, out, taken)
    engine.unregister("gone")
    for (source, file, _, kind), rows in taken.items():
        engine.run(
            f"update landed.deliveries set {kind} = {kind} - $rows, excluded = excluded + $rows "
            "where source = $source and file = $file",
            {"source": source, "file": file, "rows": rows},
        )
    return taken


def _keys(engine: Engine, table: Contract) -> Iterator[str]:
    for column in table.columns:
        if column.role == "identifier" or column.name in WHOSE:
            sql = f"select distinct {column.name} from old.{table.name}"
            yield from (key for (key,) in engine.rows(sql) if key)


def _count(engine: Engine, table: Contract, old: str, out: str, taken: Taken) -> None:
    held = table.table == "quarantine"
    named = "table_name" if held else f"'{table.table}'"
    kind = "quarantined" if held else "loaded"
    sql = f"select _source, _file, {named}, count(*) from {old} where {out} group by all"
    taken |= {(*where, kind): rows for *where, rows in engine.rows(sql)}


def _less(told: dict[str, Any], taken: Taken) -> dict[str, Any]:
    """The reconciliation with rows of erased persons excluded, so that the sums stay exact."""
    for (source, file, table, kind), rows in taken.items():
        for load in (
            load
            for entry in told["files"]
            if (entry["source"], entry["file"]) == (source, file)
            for load in entry["loads"]
            if load["table"] == table
        ):
            load[kind] -= rows
            load["excluded"][ERASED] = load["excluded"].get(ERASED, 0) + rows
    return told
