"""The command that shows a report in the browser."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli_options import DEMO_RUN, RunFolder, RunId, tell
from pipelines.errors import Exit, UserError

if TYPE_CHECKING:
    from pathlib import Path

commands = typer.Typer()


@commands.command("open")
def open_command(
    out: RunFolder = DEMO_RUN,
    run: RunId = None,
    index: Annotated[bool, typer.Option("--index", help="The index of all runs.")] = False,
    only_print: Annotated[
        bool, typer.Option("--print", help="Only say where it is; as without a screen.")
    ] = False,
) -> None:
    """Open the last report in the browser, or that of a run, or the index of all runs.

    Example: mentorlift open --out my-project/out
    """
    address = _page(out, run, index=index).resolve().as_uri()
    tell(address)
    if not only_print and _has_screen():
        import webbrowser

        webbrowser.open(address)


def _page(out: Path, run: str | None, *, index: bool) -> Path:
    """The page that is meant; raises UserError where there is none, with what to do."""
    from pipelines.diff.kept import manifest_of
    from pipelines.workspace import Workspace

    if index and run is not None:
        raise UserError("--index and --run name two pages", "Leave one of them out.", Exit.USAGE)
    space = Workspace(out, "")
    if run is not None:
        space = manifest_of(run, out)[0]
        path = space.page
    else:
        path = space.index if index else space.report
    if not path.is_file():
        what = f"report of run {space.run}" if run else "index yet" if index else "report yet"
        raise UserError(
            f"{path}: there is no {what}",
            "Run the project first: mentorlift run PROJECT; or name its folder with --out.",
        )
    return path


def _has_screen() -> bool:
    """Whether a browser has somewhere to show itself."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
