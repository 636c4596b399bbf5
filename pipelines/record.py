"""What a run keeps for good of its report: for the next report, and for the index of runs.

`runs/ID/record.json` holds released values and hashes of settings, no count of people. It names the
run that was published before, once and for all, so that the same run gives the same report again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.canonical import sha256_of
from analysis.registry import meaning
from pipelines import publish, versions, workspace
from pipelines.config import hash_of, reading_files
from pipelines.errors import UserError
from pipelines.lottery_audit import draw_files
from reports.previous import earlier, earlier_from

if TYPE_CHECKING:
    from analysis.disclosure import Release
    from analysis.manifest import RunManifest
    from analysis.study import StudySpec
    from pipelines.config import Project
    from reports.previous import Earlier

# Settings that change no row: words, what is compared apart, and what stands in studies and limits.
_NOT_READING: Any = dict.fromkeys((
    "project", "title", "purpose", "lawful_basis", "retention", "note", "calibrate", "money",
    "disclosure", "min_group", "thresholds", "schedule",
), True) | {"sources": {"__all__": {"expected"}}}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """``number`` counts the runs of a folder in the order in which they were first published,
    ``remembered`` says that whom it rested on is in the memory of what was shown (`memory/`),
    ``known_at`` is the latest delivery that was read, ISO, ``reading`` a hash of how files are
    read, ``questions`` maps a study to the hash of its question without day, words and limits.
    """

    run: str
    number: int
    previous: str
    project: str
    title: str
    as_known_at: str
    known_at: str
    disclosure: str
    min_group: int
    limits: str
    reading: str
    questions: dict[str, str]
    studies: tuple[Earlier, ...]
    remembered: bool = False

    def looser_than(self, other: Record) -> bool:
        """Whether it may hold what the other may not show: exact figures, smaller groups."""
        if other.disclosure == "public":
            return False
        return self.disclosure == "public" or self.min_group < other.min_group

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        values = {name: getattr(self, name) for name in Record.__dataclass_fields__}
        studies = [study.as_dict() for study in self.studies]
        return versions.stamped("record", {**values, "studies": studies})


def make(
    space: workspace.Workspace,
    project: Project,
    manifest: RunManifest,
    releases: tuple[Release, ...],
    known_at: str,
) -> Record:
    """The record of this run; what it follows is that of an earlier start, where there was one."""
    settings = project.settings
    number, previous = _place(space, settings.project)
    return Record(
        run=space.run,
        number=number,
        previous=previous,
        project=settings.project,
        title=settings.title,
        as_known_at=manifest.as_known_at,
        known_at=known_at,
        disclosure=settings.disclosure,
        min_group=settings.min_group,
        limits=sha256_of(settings.thresholds.model_dump(mode="json")),
        reading=_reading(project),
        questions={s.study: question(s) for s in project.studies},
        studies=tuple(earlier(r) for r in releases),
        remembered=settings.disclosure != "public",
    )


def question(spec: StudySpec) -> str:
    """Hash of all that decides the number of a study, without its day and the limits of checks."""
    return sha256_of({k: v for k, v in meaning(spec).items() if k != "thresholds"})


def read(space: workspace.Workspace) -> Record | None:
    """The record of a run, or None where it is not there or of an earlier version."""
    if not space.record.is_file():
        return None
    saved = workspace.read_json(space.record, "record")
    if saved.pop(versions.KEY, None) != versions.SCHEMAS["record"]:
        return None
    return Record(**{**saved, "studies": tuple(earlier_from(s) for s in saved["studies"])})


def records(space: workspace.Workspace, project: str) -> list[Record]:
    """The records of all runs of a project in the folder, in the order they were published."""
    paths = sorted(space.runs.glob("*/record.json"))
    found = [read(workspace.Workspace(space.out, path.parent.name)) for path in paths]
    return sorted((r for r in found if r and r.project == project), key=lambda r: r.number)


def _place(space: workspace.Workspace, project: str) -> tuple[int, str]:
    """Number of this run, and the run published last before it; empty where there is none."""
    if kept := read(space):
        return kept.number, kept.previous
    others = [r for r in records(space, project) if r.run != space.run]
    number = max((r.number for r in others), default=0) + 1
    last = _in_force(space)
    if last == space.run:  # the record of this run was removed
        last = others[-1].run if others else ""
    return number, last if _project(space, last) in ("", project) else ""


def _in_force(space: workspace.Workspace) -> str:
    try:
        return publish.run_in_force(space.warehouses)
    except UserError:
        return ""


def _project(space: workspace.Workspace, run: str) -> str:
    """The project of a run; empty where nothing of the run is left."""
    manifest = workspace.Workspace(space.out, run).manifest
    return (
        str(workspace.read_json(manifest, "manifest")["project"])
        if run and manifest.is_file()
        else ""
    )


def _reading(project: Project) -> str:
    """Hash of what decides how files are read: settings, mappings, dialects, keys, draws."""
    settings, folder = project.settings, project.folder
    files = [*reading_files(folder), *draw_files(folder, project.studies)]
    return hash_of(files, sha256_of(settings.model_dump(mode="json", exclude=_NOT_READING)))
