"""The `mentorlift` command. Heavy libraries are imported inside the commands that need them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines import (
    cli_data_protection,
    cli_diff,
    cli_erase,
    cli_open,
    cli_planning,
    cli_results,
    cli_schedule,
    cli_upkeep,
)
from pipelines.cli_files import commands
from pipelines.cli_options import (
    AsJson,
    DataFolder,
    Day,
    ExactRows,
    KnownAt,
    OutFolder,
    ProjectFolder,
    Study,
    folders,
    note,
    tell,
)
from pipelines.errors import Exit, UserError, of_memory, of_the_machine
from reports.numbers import escaped

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from pipelines.run import Outcome

app = typer.Typer(
    help="What does our mentoring actually do? From raw HR exports to a report one can defend.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(commands)
app.add_typer(cli_planning.commands)
app.add_typer(cli_diff.commands)
app.add_typer(cli_open.commands)
app.add_typer(cli_results.commands)
app.add_typer(cli_erase.commands)
app.add_typer(cli_schedule.commands)
app.add_typer(cli_upkeep.commands)
app.add_typer(cli_data_protection.commands)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"mentorlift {version('mentorlift')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Options that stand before any command; `app` has the help."""


@app.command()
def run(
    project: ProjectFolder,
    data: DataFolder = None,
    out: OutFolder = None,
    as_known_at: KnownAt = None,
    as_json: AsJson = False,
    pull: Annotated[
        bool, typer.Option("--pull/--no-pull", help="Ask the project's databases first.")
    ] = True,
    exact_rows: ExactRows = False,
    on: Day = None,
    study: Study = None,
) -> None:
    """Ingest, build, estimate and report: the whole path.

    Example: mentorlift run data/examples/kenya_mentors --data ../kenya --out out
    """
    _run_until("report", project, data, out, as_known_at, as_json, pull, exact_rows, on, study)


@app.command("ingest")
def ingest_command(
    project: ProjectFolder,
    data: DataFolder = None,
    out: OutFolder = None,
    as_known_at: KnownAt = None,
) -> None:
    """Only land the delivered files; a later `run` goes on from here.

    Example: mentorlift ingest my-project --data exports
    """
    _run_until("ingest", project, data, out, as_known_at)


@app.command()
def build(
    project: ProjectFolder,
    data: DataFolder = None,
    out: OutFolder = None,
    as_known_at: KnownAt = None,
) -> None:
    """Land the files and build the marts.

    Example: mentorlift build my-project --data exports
    """
    _run_until("build", project, data, out, as_known_at)


@app.command()
def estimate(
    project: ProjectFolder,
    data: DataFolder = None,
    out: OutFolder = None,
    as_known_at: KnownAt = None,
    exact_rows: ExactRows = False,
) -> None:
    """Land, build and answer the studies, without writing the report.

    Example: mentorlift estimate my-project --data exports
    """
    _run_until("estimate", project, data, out, as_known_at, exact_rows=exact_rows)


@app.command()
def report(
    project: ProjectFolder,
    data: DataFolder = None,
    out: OutFolder = None,
    as_known_at: KnownAt = None,
    exact_rows: ExactRows = False,
) -> None:
    """Write the report; stages that are finished are not done again.

    Example: mentorlift report my-project --data exports
    """
    _run_until("report", project, data, out, as_known_at, exact_rows=exact_rows)


@app.command()
def dictionary() -> None:
    """Print the data dictionary: every table and column an analyst sees.

    Example: mentorlift dictionary > dictionary.md
    """
    from pipelines.catalog import dictionary_markdown

    sys.stdout.write(dictionary_markdown())


def _run_until(
    stage: str,
    project: Path,
    data: Path | None,
    out: Path | None,
    as_known_at: datetime | None,
    as_json: bool = False,
    pulling: bool = False,
    exact_rows: bool = False,
    on: datetime | None = None,
    study: str | None = None,
) -> None:
    from pipelines.run import run as run_all

    known_at = as_known_at.date() if as_known_at else None
    if known_at and out is None:  # a past state must not take the place of today's
        from pipelines.day import of_past

        out = of_past(project, known_at)
    data, out = folders(project, data, out)
    if study:  # a report of one study must not take the place of all
        from pipelines.config import chosen_studies, load_project
        from pipelines.day import beside

        chosen_studies(load_project(project), study)
        out = beside(out, study)
    outcome = run_all(
        project, data, out, _teller(), stage, known_at, pulling=pulling, exact_rows=exact_rows,
        day=on.date() if on else None, study=study,
    )  # fmt: skip
    if outcome is not None:
        _tell(outcome, as_json)


def _tell(outcome: Outcome, as_json: bool) -> None:
    """The answers on standard output, and the exit code where something is missing."""
    from pipelines.ingest import partial

    if as_json:
        import json

        document = {
            "schema_version": 1,
            "run": outcome.run,
            "report": str(outcome.report),
            "findings": str(outcome.findings),
            "answers": list(outcome.answers),
            "without_number": list(outcome.without_number),
            "freshness": list(outcome.freshness),
        }
        typer.echo(escaped(json.dumps(document, ensure_ascii=False, indent=1)))
    else:
        for line in outcome.answers:
            tell(line)
        tell(f"report: {outcome.report}")
    if outcome.refused:
        raise partial(outcome.refused)
    if outcome.without_number:
        raise typer.Exit(Exit.NO_NUMBER)


def _teller() -> Callable[[str], None]:
    """Progress goes to standard error, so that standard output is data alone."""
    return note


def _leave(error: UserError) -> None:
    note(f"error: {error.problem}")
    note(f"  fix: {error.fix}")
    sys.exit(int(error.exit_code))


def main() -> None:
    """Entry point: every expected failure is two lines and an exit code, never a traceback."""
    try:
        app()
    except UserError as error:
        _leave(error)
    except BrokenPipeError:
        sys.exit(int(Exit.OK))
    except OSError as error:
        _leave(of_the_machine(error))
    except Exception as error:
        if told := of_memory(error):
            _leave(told)
        if os.environ.get("MENTORLIFT_DEBUG"):
            raise
        # The text of an unforeseen exception may quote a cell, so only its kind is shown.
        note(f"error: a defect of mentorlift ({type(error).__name__})")
        note("  fix: set MENTORLIFT_DEBUG=1, run again, and report the traceback without data")
        sys.exit(int(Exit.UNEXPECTED))


if __name__ == "__main__":
    main()
