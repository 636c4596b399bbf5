"""Commands for who answers for data protection: a new key, a draft impact assessment."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from pipelines.cli_options import (
    AsJson,
    DataFolder,
    Day,
    OutFolder,
    ProjectFolder,
    Study,
    folders,
    note,
    tell,
    tell_fields,
)

if TYPE_CHECKING:
    from pipelines.key_rotation import Rotation

commands = typer.Typer()


@commands.command("rotate-key")
def rotate_key(
    project: ProjectFolder,
    data: DataFolder = None,
    out: OutFolder = None,
    on: Day = None,
    study: Study = None,
    as_json: AsJson = False,
) -> None:
    """Make all pseudonyms anew under a new key; the same report, and the old key's use ends.

    Example: mentorlift rotate-key my-project --data exports --out results
    """
    from pipelines.day import beside
    from pipelines.key_rotation import Asked, rotate

    data, whole = folders(project, data, out)
    of = beside(whole, study) if study and out is None else whole
    _tell(rotate(Asked(project, data, of, on.date() if on else None, study), note), as_json)


def _tell(made: Rotation, as_json: bool) -> None:
    if as_json:
        tell_fields(made)
        return
    tell(f"published under key {made.new}: run {made.run}")
    for path in made.removed:
        tell(f"removed: {path}")
    tell(f"in use: {made.key_at}; keep a copy, apart from the results")
    tell(f"no longer in use: key {made.old}, kept at {made.kept_at}")
    if made.stones:
        tell(
            f"  it is read for {made.stones} tombstones alone: keep it as long as old files may be "
            "delivered again"
        )
    else:
        tell("  nothing here asks it; destroy it once no other output folder of the project does")


@commands.command("dpia")
def dpia_command(project: ProjectFolder, out: OutFolder = None) -> None:
    """Print a draft impact assessment, from the project file and the last run (Markdown).

    Example: mentorlift dpia my-project --out results > dpia.md
    """
    from pipelines.impact import draft

    sys.stdout.write(draft(project, out or project / "out"))
