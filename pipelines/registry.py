"""The registry of answered studies: an append-only file beside the project file.

Each line is one JSON object: the entry, and the SHA-256 of the line before. A line is written after
a study was answered and before anything of its answer is. What was registered and is gone from the
file is put back from the manifests of earlier runs, where the output folder still has them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from analysis.registry import Entry, Verdict, judge, meaning
from pipelines import publish
from pipelines.registry_file import (
    FILE,
    Registry,
    append,
    content_of,
    entry_from,
    line_of,
    locked,
    parse,
    read,
    sha256_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analysis.manifest import RunManifest
    from analysis.study import StudySpec
    from pipelines.config import Project

_RECOVERED = (
    f"Its line was missing from {FILE} and was put back from the manifest of an earlier run"
)


def entry_of(spec: StudySpec, manifest: RunManifest, known_at: str) -> Entry:
    """The study as this run would register it."""
    return Entry(
        project=manifest.project,
        study=spec.study,
        question=spec.question,
        meaning=meaning(spec),
        as_of=spec.as_of.isoformat(),
        known_at=known_at or spec.as_of.isoformat(),
        run=manifest.run,
        code_version=manifest.code_version,
        code_hash=manifest.code_hash,
        inputs_hash=manifest.inputs_hash(),
        amended=spec.amended,
    )


def register_run(
    project: Project, manifest: RunManifest, out: Path, known_at: str
) -> list[Verdict]:
    """The verdicts on a run's studies, in their order; what is new to the registry is in it then.

    ``known_at`` is the latest delivery that was read, ``out`` the folder with earlier runs.
    """
    mine = [entry_of(spec, manifest, known_at) for spec in project.studies]
    before = remembered(out, manifest.project, manifest.inputs_hash())
    return register(project.folder, mine, before)


def register(folder: Path, mine: Sequence[Entry], remembered: Sequence[Entry]) -> list[Verdict]:
    """How each study of this run stands to the registry; those new to it are written down.

    ``remembered`` are entries that earlier runs name: those that are gone are put back first.
    Raises UserError where something is to be written and the project folder does not allow it.
    """
    found = read(folder)
    verdicts, lines = _judged(found, mine, remembered)
    if not lines:
        return verdicts
    with locked(folder / FILE) as handle:
        found = parse(content_of(handle))
        verdicts, lines = _judged(found, mine, remembered)
        append(handle, found.whole, "".join(lines))
    publish.fault("registered")
    return verdicts


def named(folder: Path, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """What the manifest says of the registry: study -> line and entries its answer rests on.

    Empty where the file was altered: then no later run relies on it.
    """
    found = read(folder)
    if found.broken:
        return {}
    by_id = {line.entry.id: line.sha256 for line in found.lines}
    return {
        v.entry.study: {
            "line": by_id.get(v.entry.id, ""),
            "entry": asdict(v.entry),
            "original": asdict(v.original),
        }
        for v in verdicts
    }


def holds(folder: Path, specs: Sequence[StudySpec], manifest: RunManifest) -> bool:
    """Whether what a finished run says of registration is still true.

    The hash of a line commits to all lines above it.
    """
    found = read(folder)
    lines = {line.sha256 for line in found.lines}
    saved = {study: item["line"] for study, item in manifest.registered.items()}
    return (
        not found.broken
        and saved.keys() == {spec.study for spec in specs}
        and lines.issuperset(saved.values())
    )


def remembered(out: Path, project: str, inputs_hash: str) -> list[Entry]:
    """The entries of a project that the manifests of the runs in ``out`` name.

    Answers read from the very same files are of the same project, whatever it was called then.
    """
    found: dict[str, Entry] = {}
    for path in sorted((out / "runs").glob("*/manifest.json")):
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
            items, own = saved["registered"].values(), saved["project"] == project
            entries = [entry_from(item[part]) for item in items for part in ("original", "entry")]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # of another version, or no manifest: it names nothing
        if own or any(e.inputs_hash == inputs_hash for e in entries):
            found.update({e.id: e for e in entries})
    # A changed version names the one it departs from, which therefore comes first.
    return sorted(found.values(), key=lambda e: (e.known_at, bool(e.departs_from), e.id))


def _judged(
    found: Registry, mine: Sequence[Entry], remembered: Sequence[Entry]
) -> tuple[list[Verdict], list[str]]:
    """The verdicts, and the lines that are to be written."""
    ids = {e.id for e in found.entries}
    gone = [e for e in remembered if e.id not in ids]
    verdicts = [judge(entry, (*gone, *found.entries)) for entry in mine]
    put_back = {e.id for e in gone} | {x.entry.id for x in found.lines if x.recovered}
    doubt = ", ".join(map(str, found.broken))
    vouched = {e.id for e in remembered}
    verdicts = [
        _remarked(v, v.original.id in put_back, doubt, vouched=v.original.id in vouched)
        for v in verdicts
    ]
    fresh = [(v.entry, False) for v in verdicts if v.new]
    lines, last = [], found.last
    for entry, recovered in [*((e, True) for e in gone), *fresh]:
        lines.append(line_of(entry, last, recovered=recovered))
        last = sha256_of(lines[-1])
    return verdicts, lines


def _remarked(verdict: Verdict, put_back: bool, broken: str, *, vouched: bool) -> Verdict:
    """The verdict with what is wrong with the registry; runs vouch for what they answered."""
    remarks = [_RECOVERED] if put_back else []
    if broken:
        remarks.append(f"{FILE} was altered: line {broken} does not follow from the one before")
    noted = replace(
        verdict.registration, remark=". ".join(remarks), doubted=bool(broken) and not vouched
    )
    return replace(verdict, registration=noted)
