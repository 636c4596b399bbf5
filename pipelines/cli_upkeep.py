"""Commands for who looks after an output folder: upgrade, backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli_options import DataFolder, note, tell
from pipelines.errors import UserError

commands = typer.Typer()

Results = Annotated[
    Path, typer.Argument(metavar="OUT", help="Folder of results.", show_default=False)
]


@commands.command("upgrade")
def upgrade_command(out: Results) -> None:
    """Bring an output folder of an earlier version to this one; the warehouse before is kept.

    Example: mentorlift upgrade my-project/out
    """
    from pipelines import publish
    from pipelines.encryption import keys_in
    from pipelines.upgrade import bring_up
    from pipelines.workspace import Workspace

    if not out.is_dir():
        raise UserError(f"{out}: there is no such folder", "Name the folder of a run.")
    with publish.run_lock(out):
        space = Workspace(out, "")
        publish.sweep(space)
        done = bring_up(space, note, keys=keys_in(space))
    tell(f"upgraded: {', '.join(done)}" if done else "nothing to upgrade: all is of this version")


@commands.command("backup")
def backup_command(
    out: Results,
    file: Annotated[Path, typer.Argument(help="Archive to write.", show_default=False)],
    project: Annotated[
        Path | None,
        typer.Option("--project", help="Folder whose registry is saved too [above OUT]."),
    ] = None,
) -> None:
    """Save what cannot be made again, and the warehouse in service, in one archive; no key in it.

    Example: mentorlift backup my-project/out /backups/mentorlift-2026-12.tar.gz
    """
    from pipelines.backup import backup

    made = backup(out, file, project or out.absolute().parent, note)
    tell(f"{made.path}: run {made.run}, sha256 {made.sha256}")


@commands.command("restore")
def restore_command(
    file: Annotated[Path, typer.Argument(help="Archive to restore.", show_default=False)],
    out: Results,
    project: Annotated[
        Path | None, typer.Option("--project", help="Folder with mentorlift.yml [above OUT].")
    ] = None,
    data: DataFolder = None,
    erased_in: Annotated[
        list[Path] | None,
        typer.Option("--erased-in", help="Folder of results whose erasures hold; may be repeated."),
    ] = None,
) -> None:
    """Make a new output folder from a backup, every file and figure verified; erased stay erased.

    Example: mentorlift restore /backups/mentorlift-2026-12.tar.gz my-project/out
    """
    from pipelines.backup import Places, restore

    home = project or out.absolute().parent
    places = Places(
        file=file, out=out, project=home, data=data or home / "data",
        erased_in=tuple(erased_in or ()),
    )  # fmt: skip
    run = restore(places, note)
    tell(f"{out}: restored, every file and figure as saved; in service: run {run}")
