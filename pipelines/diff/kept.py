"""What a run keeps for a later comparison, and how it is found again."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.canonical import sha256_of
from analysis.diagnostics.thresholds import Thresholds
from analysis.errors import SpecError
from analysis.manifest import manifest_from
from analysis.rules import Rules
from analysis.study import parse_study
from pipelines import publish, versions, workspace
from pipelines.errors import Exit, UserError, shown
from pipelines.opened import opened

if TYPE_CHECKING:
    from analysis.manifest import RunManifest
    from analysis.study import StudySpec
    from pipelines.config import Project

_SHORTEST = 4  # letters of a run's id that may stand for it
_LISTED = 5
AGAIN = (
    "Run the project again with the files and the project folder of that time, or restore the "
    "file from a backup."
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished run: what went in, what was asked and released, and where its records lie.

    ``releases`` are plain values, so that those of other versions can be read. ``not_renewed``:
    studies that show no answer of this run, for too few people came or went.
    """

    manifest: RunManifest
    rules: Rules
    studies: dict[str, StudySpec]
    releases: dict[str, dict[str, Any]]
    warehouse: Path
    not_renewed: frozenset[str] = frozenset()


def asked(project: Project) -> dict[str, Any]:
    """What the estimate stage writes down: studies in full, limits and the rules of release."""
    rules = project.settings.rules
    document = {
        "mode": rules.mode,
        "min_group": rules.min_group,
        "thresholds": project.settings.thresholds.model_dump(exclude_defaults=True),
        # As written: a key that is set to its default says more than one left out.
        "studies": [
            s.model_dump(mode="json", exclude_unset=True, exclude={"thresholds"})
            for s in project.studies
        ],
    }
    return versions.stamped("asked", document)


def manifest_of(given: str, out: Path) -> tuple[workspace.Workspace, RunManifest]:
    """The run that is meant: its id below ``out`` (or how it begins), its folder, or the output
    folder that it is in force in. Raises UserError with the nearest ids where there is none.
    """
    space = _space(given, out)
    if not space.manifest.is_file():
        raise _unknown(given, out)
    return space, manifest_from(workspace.read_json(space.manifest, "manifest"))


def _space(given: str, out: Path) -> workspace.Workspace:
    path = Path(given)
    if (path / "manifest.json").is_file():
        return workspace.Workspace(path.resolve().parent.parent, path.resolve().name)
    if (path / "warehouse").is_dir():
        return publish.in_force(workspace.Workspace(path, ""))
    ids = _ids(out)
    found = [run for run in ids if run.startswith(given)] if len(given) >= _SHORTEST else []
    if given not in ids and len(found) > 1:
        fix = f"Write more of it: {', '.join(found)}."
        raise UserError(f"{shown(given)}: several runs begin so", fix, Exit.USAGE)
    return workspace.Workspace(out, given if given in ids or not found else found[0])


def _ids(out: Path) -> list[str]:
    return sorted(path.parent.name for path in (out / "runs").glob("*/manifest.json"))


def _unknown(given: str, out: Path) -> UserError:
    ids = _ids(out)
    near = difflib.get_close_matches(given, ids, n=_LISTED, cutoff=0.3) or ids[:_LISTED]
    fix = f"Nearest runs in {out}: {', '.join(near)}." if near else "Name its folder with --out."
    return UserError(f"{shown(given)}: there is no such run in {out}", fix, Exit.USAGE)


def load(space: workspace.Workspace, manifest: RunManifest) -> Kept:
    """All that the run keeps; raises UserError naming what is missing and how to get it back."""
    warehouse = publish.kept(space)
    for path, what in (
        (space.releases, "its findings"),
        (space.asked, "its studies (runs of earlier versions did not keep them)"),
        (warehouse, f"its warehouse (the newest {publish.KEPT_VERSIONS} are kept)"),
    ):
        if not path.is_file():
            raise UserError(f"run {manifest.run}: {what} is not there any more: {path.name}", AGAIN)
    with opened(warehouse, "warehouse", older=True):
        pass  # whole, and ours
    document = workspace.read_json(space.asked, "asked")
    try:
        limits = {"thresholds": Thresholds(**document["thresholds"])}
        specs = [parse_study(item).model_copy(update=limits) for item in document["studies"]]
    except SpecError as error:
        problem = f"run {manifest.run}: a study of it cannot be asked any more: {error.key}"
        raise UserError(f"{problem} {error.problem}", AGAIN, Exit.PROJECT) from None
    found = _released(space)
    return Kept(
        manifest=manifest,
        rules=Rules(mode=document["mode"], min_group=document["min_group"]),
        studies={spec.study: spec for spec in specs},
        releases={item["release"]["study"]: item["release"] for item in found},
        warehouse=warehouse,
        not_renewed=frozenset(
            item["release"]["study"]
            for item in found
            if item.get("standing", {}).get("verdict", "fresh") != "fresh"
        ),
    )


def _released(space: workspace.Workspace) -> list[dict[str, Any]]:
    """What the run released, as it was written; UserError where it was altered since."""
    found: list[dict[str, Any]] = workspace.read_json(space.releases)
    if any(sha256_of(item["release"]) != item["digest"] for item in found):
        raise UserError(f"run {space.run}: its saved findings were altered", AGAIN)
    return found
