"""One run, from raw files to the report: plain functions shared by the CLI and the flows.

Each stage writes its files, then says so in the run's manifest. A run that was killed and is
started again with the same inputs finds its finished stages and goes on behind them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from analysis.finding import registered
from pipelines import durable, ingest, key_chain, models, publish, registry, workspace
from pipelines.calibrate import calibrate_project
from pipelines.config import load_project
from pipelines.day import only, private_folders, refuse_superseded, waiting
from pipelines.diff.kept import asked
from pipelines.encryption import keys_of, require
from pipelines.engine import MEMORY, Engine
from pipelines.erasure import retention, tombstones
from pipelines.errors import Exit, UserError
from pipelines.ingest.freshness import due_days
from pipelines.keys import key_id, load_key, retired
from pipelines.memory import showing
from pipelines.outcome import Outcome, outcome, overdue, refused_files
from pipelines.stage_ingest import ingest_stage, pull_stage
from pipelines.stage_report import report_stage
from pipelines.studies import answer, latest_delivery
from pipelines.upgrade import bring_up

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from analysis.finding import Finding
    from analysis.manifest import RunManifest
    from analysis.registry import Verdict
    from pipelines.config import Project

STAGES = ("ingest", "build", "estimate", "report")


@dataclass(frozen=True, slots=True)
class Context:
    """What a run needs to know: references only, no data.

    With ``known_at`` it is a state of the past, kept apart; files dated after ``day`` are not read
    in either case. ``due`` has the last day due by then of each source that says when it is.
    """

    project: Project
    data: Path
    space: workspace.Workspace
    manifest: RunManifest
    known_at: dt.date | None = None
    erased: tombstones.Record = field(default_factory=lambda: tombstones.Record(""))
    day: dt.date | None = None
    due: dict[str, dt.date] = field(default_factory=dict)

    def finished(self, stage: str) -> bool:
        """Whether a stage's files are there as it wrote them."""
        return workspace.is_finished(self.space, self.manifest, stage, outputs(self, stage))

    def finish(self, stage: str) -> Context:
        """The context after a stage, written down in the manifest."""
        files = outputs(self, stage)
        publish.fault(f"{stage}-before-mark")
        marked = workspace.finish(self.space, self.manifest, stage, files)
        publish.fault(f"{stage}-after-mark")
        return replace(self, manifest=marked)


def prepare(
    project_dir: Path,
    data: Path,
    out: Path,
    known_at: dt.date | None = None,
    *,
    exact_rows: bool = False,
    day: dt.date | None = None,
    study: str | None = None,
) -> Context:
    """Read and check the project, hash all inputs, and find what an earlier start finished.

    With ``known_at`` the files delivered later do not exist: the run is the one of that day. A run
    of ``exact_rows`` is another run than the compressed one, as is one of a single ``study``.
    ``day`` is the declared day of the run, by which files are due.
    """
    project = load_project(project_dir)
    if study is not None:
        project = only(project, study)
    day = known_at or day
    hashes = ingest.input_hashes(project.settings, data, day)
    due = due_days(project.settings, data, day)
    key = key_id(project.settings.project)
    before = retired(project.settings.project)
    gone = tombstones.read(private_folders(project_dir, out), key, before)
    fresh = workspace.new_manifest(
        project, hashes, exact_rows=exact_rows, erased=gone.digest(), due=due
    )
    fresh = replace(fresh, key_id=key)
    space = workspace.Workspace(out, fresh.run)
    manifest = workspace.resume(space, fresh)
    if not registry.holds(project_dir, project.studies, manifest):  # answered, and not registered
        kept = {name: made for name, made in manifest.stages.items() if name in STAGES[:2]}
        manifest = replace(manifest, stages=kept)
    return Context(project, data, space, manifest, known_at, gone, day, due)


def begin(
    project_dir: Path,
    data: Path,
    out: Path,
    say: Callable[[str], None],
    known_at: dt.date | None = None,
    *,
    exact_rows: bool = False,
    day: dt.date | None = None,
    study: str | None = None,
) -> Context:
    """The context of a run that holds the lock: folders private, leftovers of killed runs gone."""
    name = load_project(project_dir).settings.project
    _, where, made = load_key(name)
    if made:
        say(f"A key for pseudonyms was made: {where}. Keep it safe; it is never in the output.")
    if day is not None:
        refuse_superseded(out, day)
    bring_up(workspace.Workspace(out, ""), say, made_anew=True, keys=keys_of(name))
    context = prepare(project_dir, data, out, known_at, exact_rows=exact_rows, day=day, study=study)
    changing = key_chain.read(context.space.private).pending
    if not changing and context.project.settings.rules.mode != "public":
        showing.refuse_other_key(context)  # before anything is written
    for line in waiting(context.project, data, day) if day is not None else ():
        say(line)
    for folder in (context.space.runs, context.space.warehouses):
        publish.make_private(folder)  # row data, though pseudonymous: nobody else's to read
    if swept := publish.sweep(context.space):
        say(f"removed: {len(swept)} files or folders that a run which was cut off left behind")
    for path in context.space.work_of_all:
        # Another run's, begun on other inputs and given up.
        if path.suffix == ".duckdb" and path.parent != context.space.work:
            path.unlink()
    return context


def unfinished(context: Context) -> list[str]:
    """What to say of a command that was cut off, unless it is the one that goes on now."""
    lines = []
    if context.erased.pending:
        lines.append("an erasure was begun and has not ended: run `mentorlift erase` again")
    if key_chain.read(context.space.private).pending:
        lines.append("a change of the key has not ended; `mentorlift rotate-key` ends it")
    return [f"warning: {line}" for line in lines]


def end(context: Context) -> Outcome:
    """The outcome of a finished run; the databases of its stages have served and are removed."""
    for path in (context.space.landed, context.space.built):
        path.unlink(missing_ok=True)
    return outcome(context)


def outputs(context: Context, stage: str) -> tuple[Path, ...]:
    """The files a stage must leave; their contents are its fingerprint."""
    space = context.space
    identity = (space.identity,) if context.project.settings.identity else ()
    return {
        "ingest": (space.landed, space.reconciliation, *identity),
        "build": (space.built, space.checks),
        "estimate": (space.releases, space.asked, space.calibrations),
        "report": (
            *(*space.artifacts, space.analyst, publish.path_of(space)),
            *(space.record, space.page, space.index),
        ),
    }[stage]


def build_stage(context: Context, say: Callable[[str], None]) -> None:
    """Build staging and marts beside the landed rows, checked against their contracts."""
    space = context.space
    temporary = publish.fresh(space.built)
    durable.copy(space.landed, temporary)
    with Engine.open(temporary, memory=MEMORY) as engine:
        built = models.build(engine)
        expired = retention.due(engine, context.project.settings.retention.months)
    publish.settle(temporary, space.built)
    for remark in expired:
        say(remark)
    for warning in built.warnings:
        say(f"warning: {warning.describe()}")
    workspace.write_json(space.checks, [w.as_dict() for w in built.warnings])


def estimate_stage(context: Context, say: Callable[[str], None]) -> Context:
    """Answer every study, register what was answered, then release what may be shown."""
    space, settings = context.space, context.project.settings
    exact_rows = context.manifest.exact_rows
    findings = []
    with Engine.open(space.built, read_only=True, memory=MEMORY) as engine:
        for spec in context.project.studies:
            say(f"study {spec.study}")
            findings.append(answer(engine, spec, settings.min_group, exact_rows=exact_rows))
        placebos = calibrate_project(engine, context.project, say)
        with showing.one_at_a_time(context.project.folder, say):
            saved, verdicts = _shown(context, engine, findings, say)
    workspace.write_json(space.releases, saved)
    workspace.write_json(space.asked, asked(context.project))
    workspace.write_json(space.calibrations, [c.as_dict() for c in placebos])
    named = registry.named(context.project.folder, verdicts)
    return replace(context, manifest=replace(context.manifest, registered=named))


def _shown(
    context: Context, engine: Engine, findings: Sequence[Finding], say: Callable[[str], None]
) -> tuple[list[dict[str, Any]], list[Verdict]]:
    """What may be shown of the findings, which are registered first; remembered when it returns."""
    remembered = showing.remember(context, engine, findings)
    for remark in remembered.unheld if remembered else ():
        say(f"warning: {remark}")
    known_at = latest_delivery(engine)
    project = context.project
    verdicts = registry.register_run(project, context.manifest, context.space.out, known_at)
    for remark in sorted({v.registration.remark for v in verdicts} - {""}):
        say(f"warning: {remark}")
    found = [registered(f, v.registration) for f, v in zip(findings, verdicts, strict=True)]
    return showing.shown_anew(remembered, found, project.settings.rules), verdicts


_FUNCTIONS: dict[str, Callable[[Context, Callable[[str], None]], Context | None]] = {
    "ingest": ingest_stage,
    "build": build_stage,
    "estimate": estimate_stage,
    "report": report_stage,
}


def run_stage(context: Context, stage: str, say: Callable[[str], None]) -> Context:
    """Do one stage unless it is finished; the context that follows."""
    if context.finished(stage):
        say(f"{stage}: finished earlier, kept")
        return context
    say(f"{stage}: started")
    return (_FUNCTIONS[stage](context, say) or context).finish(stage)


def run(
    project_dir: Path,
    data: Path,
    out: Path,
    say: Callable[[str], None],
    until: str = STAGES[-1],
    known_at: dt.date | None = None,
    *,
    pulling: bool = False,
    exact_rows: bool = False,
    day: dt.date | None = None,
    study: str | None = None,
) -> Outcome | None:
    """All stages up to ``until``, after a pull if asked for; the outcome with the report."""
    require(load_project(project_dir))
    with publish.run_lock(out):
        if pulling:
            pull_stage(project_dir, data, say)
        context = begin(
            project_dir, data, out, say, known_at, exact_rows=exact_rows, day=day, study=study
        )
        for line in unfinished(context):
            say(line)
        if until in STAGES[2:]:
            _refuse_later_studies(context)
        context = run_stages(context, until, say)
        if until == STAGES[-1]:
            return end(context)
        if refused := refused_files(context):
            raise ingest.partial(refused)
        return None


def run_stages(context: Context, until: str, say: Callable[[str], None]) -> Context:
    """Do the stages that are not finished, under the run lock; the context that follows."""
    if context.finished(STAGES[-1]):
        say("nothing has changed since the last run; the report is kept")
        for line in overdue(context):
            say(f"warning: {line}")
        return context
    for stage in STAGES[: STAGES.index(until) + 1]:
        context = run_stage(context, stage, say)
    return context


def _refuse_later_studies(context: Context) -> None:
    for study in context.project.studies:
        if context.known_at is not None and study.as_of > context.known_at:
            raise UserError(
                f"study {study.study}: its as_of {study.as_of} is later than --as-known-at "
                f"{context.known_at}: what it asks for was not known yet",
                "Choose a later date; or build the marts alone: mentorlift build --as-known-at.",
                Exit.PROJECT,
            )
