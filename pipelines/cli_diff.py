"""The command that compares two runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli_options import AsJson, note
from pipelines.errors import Exit

commands = typer.Typer()

RunName = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="Id of a run (or how it begins), its folder, or an output folder.",
        show_default=False,
    ),
]


@commands.command("diff")
def diff_command(
    first: RunName,
    second: RunName,
    out: Annotated[Path, typer.Option("--out", help="Folder of the runs.")] = Path("data/demo/out"),
    study: Annotated[str | None, typer.Option("--study", help="One study [all].")] = None,
    as_json: AsJson = False,
) -> None:
    """Say why the numbers of two runs differ: the change of each headline, split exactly by cause.

    Example: mentorlift diff 3fa2c81b 9d04e7aa --out my-project/out --study care-turnover
    """
    from pipelines.diff.runs import compare_runs
    from pipelines.diff.words import as_json as in_json
    from pipelines.diff.words import as_text

    found = compare_runs(first, second, out, study, note)
    typer.echo(in_json(found) if as_json else as_text(found).rstrip("\n"))
    if any(change.why_not for change in found.changes):
        raise typer.Exit(Exit.NO_NUMBER)
