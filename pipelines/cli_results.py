"""Commands about a finished run: questions in SQL, the report as PDF, its charts as images."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003  (typer reads annotations when it runs)
from typing import Annotated

import typer

from pipelines.cli_options import DEMO_RUN, AsJson, RunFolder, RunId, note, tell
from pipelines.errors import Exit, UserError

commands = typer.Typer()


@commands.command()
def query(
    sql: Annotated[
        str | None,
        typer.Argument(help="One SELECT over marts.* and results.*.", show_default=False),
    ] = None,
    out: RunFolder = DEMO_RUN,
    example: Annotated[
        str | None, typer.Option("--example", metavar="NAME", help="Ask a saved question.")
    ] = None,
    examples: Annotated[bool, typer.Option("--examples", help="List the saved questions.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Print the SQL of --example.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated values.")] = False,
    as_json: AsJson = False,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, max=600)] = 30,
    memory: Annotated[int, typer.Option("--memory-mb", min=64, max=16384)] = 1024,
    rows: Annotated[int, typer.Option("--max-rows", min=1, max=1_000_000)] = 10_000,
) -> None:
    """Ask the analysts' database with SQL; nothing can be written or read beside it.

    Example: mentorlift query "select study, grade from results.findings"
    """
    from pipelines import adhoc

    if (sql is not None) + (example is not None) + examples != 1 or (show and not example):
        fix = "Write one SELECT, or --example NAME (with --show: its SQL), or --examples."
        raise UserError("one question is asked at a time", fix, Exit.USAGE)
    asked = sql if sql is not None else _saved(example)
    if examples or show:
        tell(asked.rstrip("\n"))
        return
    file = out / "analyst.duckdb"
    if not file.is_file():
        raise UserError(
            f"{file}: there is no analysts' database", "Run the project first, or name --out."
        )
    result = adhoc.query(file, asked, seconds=seconds, memory_mb=memory, max_rows=rows)
    form = adhoc.as_csv if as_csv else adhoc.as_json if as_json else adhoc.as_table
    sys.stdout.write(form(result))
    if result.truncated:
        note(f"only the first {rows:,} rows are shown; raise --max-rows for more")


def _saved(name: str | None) -> str:
    """The SQL of the saved question of that name, or what questions there are."""
    from pipelines import saved_queries

    if name is not None:
        return saved_queries.named(name).sql
    return "\n".join(f"{q.name}: {q.question}" for q in saved_queries.all_queries())


@commands.command("export")
def export_command(
    to: Annotated[
        Path, typer.Option("--to", help="Folder for PDF and images.", show_default=False)
    ],
    out: RunFolder = DEMO_RUN,
    run: RunId = None,
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="The report as PDF.")] = True,
    images: Annotated[
        bool, typer.Option("--images/--no-images", help="Its charts as SVG and PNG.")
    ] = True,
) -> None:
    """Write the report as PDF and its charts as SVG and PNG, with the Chromium of this machine.

    Example: mentorlift export --out my-project/out --to for-the-board
    """
    from pipelines.export import export

    for path in export(out, run, to, pdf=pdf, images=images):
        tell(str(path))
