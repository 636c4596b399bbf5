"""What the declared day of a run, and the study it is about, make of its inputs."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from pipelines import publish, record, registry_file, workspace
from pipelines.config import Project, chosen_studies
from pipelines.errors import Exit, UserError
from pipelines.ingest.files import dated_files
from pipelines.parts import read_yaml

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


_PAST = re.compile(r"out-\d{4}-\d{2}-\d{2}.*")  # as `of_past` calls it, or of one study beside it


class Superseded(UserError):
    """The output folder already holds the state of a later day."""


def refuse_superseded(out: Path, day: dt.date) -> None:
    """Raise :class:`Superseded` where the run in force has read files delivered after ``day``.

    A run that is made up for must not take the place of a newer one.
    """
    try:
        in_force = publish.in_force(workspace.Workspace(out, ""))
    except UserError:
        return
    made = record.read(in_force)
    if made is not None and made.known_at > day.isoformat():
        raise Superseded(
            f"the output folder holds a state of {made.known_at}, later than {day}",
            f"Nothing need be done. For the state of that day: mentorlift run --as-known-at {day}.",
            Exit.USAGE,
        )


def beside(out: Path, study: str) -> Path:
    """The folder for the results of one study, beside that of all."""
    named = out if out.name not in ("", "..") else out.resolve()  # `.` is no name
    return named.with_name(f"{named.name}-{study}")


def of_past(project_dir: Path, known_at: dt.date) -> Path:
    """The folder for what was known on a past day, beside the project's own."""
    return project_dir / f"out-{known_at}"


def private_folders(project_dir: Path, out: Path) -> tuple[Path, ...]:
    """Where tombstones lie, and what was shown is remembered: in the output folder, in the
    project's own (`out`, and those of past days, `out-DATE`), and in those beside them with the
    results of single studies (`out-STUDY`), under names that studies had before, too.

    Whoever is erased in one is erased in all, and what one has shown the others know. A state of a
    past day goes to a folder of its own, and erased persons were known on that day.
    """
    paths = sorted((project_dir / "studies").glob("*.yml"))
    names = [str(read["study"]) for p in paths if isinstance(read := read_yaml(p), dict)]
    names += [entry.study for entry in registry_file.read(project_dir).entries]
    names = [name for name in dict.fromkeys(names) if name and "/" not in name]
    found: dict[Path, Path] = {}
    past = sorted(p for p in project_dir.glob("out-*") if _PAST.fullmatch(p.name))
    for each in (out, project_dir / "out", *past):
        # of which it may be the folder of one study; names of studies may end alike
        whole = (each.name.removesuffix(f"-{n}") for n in names if each.name.endswith(f"-{n}"))
        for base in (each, *(each.with_name(name) for name in whole if name)):
            for folder in (base, *(beside(base, name) for name in names)):
                found.setdefault(folder.resolve(), folder)  # once, however it is written
    return tuple(workspace.Workspace(folder, "").private for folder in found.values())


def waiting(project: Project, data: Path, day: dt.date) -> list[str]:
    """What to say of files dated after the day of the run, which are not read yet."""
    names = [name for date, name in dated_files(project.settings, data) if date > day]
    if not names:
        return []
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return [f"warning: dated after {day} and waiting for a later run: {', '.join(names[:3])}{more}"]


def only(project: Project, study: str) -> Project:
    """The project as if it asked one study alone; money cases with other studies are left out.

    Raises UserError with the studies there are.
    """
    chosen = chosen_studies(project, study)
    money = tuple(
        case for case in project.settings.money if {b.study for b in case.benefits} <= {study}
    )
    return project.model_copy(
        update={
            "studies": chosen,
            "settings": project.settings.model_copy(update={"money": money}),
            "digest": hashlib.sha256(f"{project.digest} {study}".encode()).hexdigest(),
        }
    )
