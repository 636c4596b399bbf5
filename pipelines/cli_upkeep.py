"""Commands for who looks after an output folder: upgrade, backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli_options import note, tell
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
    from pipelines.upgrade import bring_up
    from pipelines.workspace import Workspace

    if not out.is_dir():
        raise UserError(f"{out}: there is no such folder", "Name the folder of a run.")
    with publish.run_lock(out):
        space = Workspace(out, "")
        publish.sweep(space)
        done = bring_up(space, note)
    tell(f"upgraded: {', '.join(done)}" if done else "nothing to upgrade: all is of this version")
