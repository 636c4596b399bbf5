"""What went in, with which code, and when each question was registered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reports.numbers import plain
from reports.sections import provenance as section
from reports.tables.table import Table, texts
from reports.wording.standing import held_back

if TYPE_CHECKING:
    from reports.model import Report

Lines = Iterator[tuple[str, str, str]]  # what, name, value


def provenance(report: Report) -> Table:
    """Run, code, project, studies with their registration, inputs with their hashes."""
    found = (*_run(report), *_studies(report), *_held_back(report), *_inputs(report))
    return Table(
        name="Provenance",
        about="Run, code, packages, studies with their registration, and input files, with "
        "SHA-256 of each.",
        columns=texts(What=26, Name=44, Value=80),
        rows=tuple((what, plain(name), plain(value)) for what, name, value in found),
    )


def _run(report: Report) -> Lines:
    run, note = report.manifest, report.project
    yield "Run", "id", run.run
    yield "Run", "data as known at", run.as_known_at
    yield "Run", "estimated from", "every row" if run.exact_rows else "exactly compressed rows"
    yield "Code", "mentorlift", run.code_version
    yield "Code", "SHA-256", run.code_hash
    for name, version in sorted(run.packages.items()):
        yield "Package", name, version
    yield "Project", "title", note.title
    yield "Project", "id", run.project
    yield "Project", "SHA-256", run.project_hash
    for name in ("purpose", "lawful_basis", "retention", "sources_note"):
        if value := getattr(note, name):
            yield "Project", name.replace("_", " "), value
    yield "Project", "disclosure", section.view(report)["disclosure"]


def _studies(report: Report) -> Lines:
    for name, digest in sorted(report.manifest.studies.items()):
        yield "Study", name, digest
    for r in report.releases:
        known = r.registration
        if known is None:
            continue
        state = "changed since, exploratory" if known.exploratory else "not changed since"
        first = f"first run {known.first_run}, mentorlift {known.first_code}"
        when = f"data as known at {known.registered_on}, {first}"
        yield "Registered", r.study, f"as {known.registered_as}, {when}: {state}"
        yield "Registered, SHA-256", r.study, known.registered_hash
        for c in known.changes:
            yield "Changed since registered", r.study, f"{c.key}: {c.registered} → {c.now}"
        if known.amended:
            yield "Declared amendment", r.study, known.amended
        if known.remark:
            yield "Registry", r.study, known.remark


def _held_back(report: Report) -> Lines:
    for s in report.standings:
        yield "Held back", s.study, held_back(s)


def _inputs(report: Report) -> Lines:
    yield "Input", "all together", report.manifest.inputs_hash()
    for name, digest in sorted(report.manifest.inputs.items()):
        yield "Input", name, digest
