"""The command that erases persons."""

from __future__ import annotations

import sys
from datetime import datetime  # noqa: TC003  (typer reads annotations when it runs)
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli_options import AsJson, DataFolder, OutFolder, folders, note, tell, tell_fields
from pipelines.errors import Exit, UserError

if TYPE_CHECKING:
    from pipelines.erasure.erase import Certificate

commands = typer.Typer()


@commands.command("erase")
def erase_command(
    persons: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PERSON...",
            help="Identifiers or mails as delivered; - reads them from standard input.",
            show_default=False,
        ),
    ] = None,
    project: Annotated[
        Path, typer.Option("--project", help="Folder with mentorlift.yml.")
    ] = Path(),
    data: DataFolder = None,
    out: OutFolder = None,
    expired: Annotated[
        bool, typer.Option("--expired", help="Everybody who left before the retention period.")
    ] = False,
    on: Annotated[
        datetime | None,
        typer.Option(
            "--on", formats=["%Y-%m-%d"], help="Day of the erasure [--expired: last delivery]."
        ),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Kept with the tombstone.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Remove the listed backups.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase persons from all that was made: rebuilt without them, older versions gone, searched.

    Example: mentorlift erase 104711 --project my-project --data exports --out results
    """
    from pipelines.erasure.erase import Wanted, erase, incomplete

    named = [line for given in persons or [] for line in _named(given)]
    wanted = Wanted(tuple(named), expired, on.date() if on else None, reason)
    places = folders(project, data, out)
    made = erase(project, *places, wanted, note, remove_backups=yes)
    _tell(made, as_json)
    if made.remaining:
        raise incomplete(made)


def _named(given: str) -> list[str]:
    lines = [line.strip() for line in sys.stdin] if given == "-" else [given.strip()]
    if not all(lines):
        raise UserError("PERSON: a name is empty", "Write one identifier a line.", Exit.USAGE)
    return lines


def _tell(made: Certificate, as_json: bool) -> None:
    if as_json:
        tell_fields(made)
        return
    tell(f"persons erased: {made.persons}; published without them: run {made.run}")
    for path in made.removed:
        tell(f"removed: {path}")
    for path in made.rewritten:
        tell(f"written anew without them: {path}")
    tell(f"searched: {made.searched} files for {made.tokens} texts that lead to them")
    for path in made.remaining:
        tell(f"STILL THERE: {path}")
    for path in made.figures:
        tell(f"a figure that is also an identifier, and no row of anybody: {path}")
    for path in made.owner:
        tell(f"named in a record of the owner, which is not changed: {path}")
    if made.shared:
        tell(f"kept: {made.shared} identifiers or names that other people carry as well")
    if made.short:
        tell(f"searched as whole values only, being short: {made.short} texts")
    tell("not touched: delivered files, which their owner deletes, and copies made elsewhere")
