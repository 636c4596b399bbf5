"""The `mentorlift` command. Heavy libraries are imported inside the commands that need them."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.errors import Exit, UserError

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(
    help="What does our mentoring actually do? From raw HR exports to a report one can defend.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ProjectFolder = Annotated[
    Path, typer.Argument(help="Folder with mentorlift.yml and studies/.", show_default=False)
]
DataFolder = Annotated[
    Path | None, typer.Option("--data", help="Folder with the delivered files [PROJECT/data].")
]
OutFolder = Annotated[
    Path | None, typer.Option("--out", help="Folder for the results [PROJECT/out].")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
DEMO_PEOPLE = 5000


class Dialects(StrEnum):
    """How the demo company's files are written."""

    clean = "clean"
    vendor = "vendor"


class Defects(StrEnum):
    """Whether the demo company's vendor files have defects."""

    planted = "planted"
    none = "none"


@app.command()
def run(
    project: ProjectFolder,
    data: DataFolder = None,
    out: OutFolder = None,
    as_json: AsJson = False,
) -> None:
    """Ingest, build, estimate and report: the whole path.

    Example: mentorlift run data/examples/kenya_mentors --data ../kenya --out out
    """
    _run_until("report", project, data, out, as_json)


@app.command("ingest")
def ingest_command(project: ProjectFolder, data: DataFolder = None, out: OutFolder = None) -> None:
    """Only land the delivered files; a later `run` goes on from here.

    Example: mentorlift ingest my-project --data exports
    """
    _run_until("ingest", project, data, out)


@app.command()
def build(project: ProjectFolder, data: DataFolder = None, out: OutFolder = None) -> None:
    """Land the files and build the marts.

    Example: mentorlift build my-project --data exports
    """
    _run_until("build", project, data, out)


@app.command()
def estimate(project: ProjectFolder, data: DataFolder = None, out: OutFolder = None) -> None:
    """Land, build and answer the studies, without writing the report.

    Example: mentorlift estimate my-project --data exports
    """
    _run_until("estimate", project, data, out)


@app.command()
def report(project: ProjectFolder, data: DataFolder = None, out: OutFolder = None) -> None:
    """Write the report; stages that are finished are not done again.

    Example: mentorlift report my-project --data exports
    """
    _run_until("report", project, data, out)


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the demo company.")],
    scenario: Annotated[str, typer.Option("--scenario", help="What is planted.")] = "default",
    people: Annotated[
        int, typer.Option("--people", min=300, help="Headcount at the start.")
    ] = DEMO_PEOPLE,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Another company [the documented one].")
    ] = None,
    dialects: Annotated[
        Dialects, typer.Option("--dialects", help="Plain files, or as vendors deliver them.")
    ] = Dialects.clean,
    defects: Annotated[
        Defects, typer.Option("--defects", help="Defects in the vendors' files.")
    ] = Defects.planted,
) -> None:
    """Make a company with a known truth: project, exports and, apart from them, the truth.

    Example: mentorlift demo --out data/demo --people 5000
    """
    from pipelines.demo import DEFAULT_SEED, write_demo

    made = write_demo(
        out, scenario=scenario, people=people, seed=DEFAULT_SEED if seed is None else seed,
        dialects=dialects.value, defects=defects.value,
    )  # fmt: skip
    _note(f"demo company in {out}: project {made.project}, exports {made.data}")
    _note(f"the planted truth lies in {made.truth}")


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT over marts.* and results.*.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of a run.")] = Path("data/demo/out"),
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

    file = out / "analyst.duckdb"
    if not file.is_file():
        raise UserError(
            f"{file}: there is no analysts' database", "Run the project first, or name --out."
        )
    result = adhoc.query(file, sql, seconds=seconds, memory_mb=memory, max_rows=rows)
    form = adhoc.as_csv if as_csv else adhoc.as_json if as_json else adhoc.as_table
    sys.stdout.write(form(result))
    if result.truncated:
        _note(f"only the first {rows:,} rows are shown; raise --max-rows for more")


@app.command()
def dictionary() -> None:
    """Print the data dictionary: every table and column an analyst sees.

    Example: mentorlift dictionary > dictionary.md
    """
    from pipelines.catalog import dictionary_markdown

    sys.stdout.write(dictionary_markdown())


@app.command()
def serve(
    project: ProjectFolder,
    cron: Annotated[str, typer.Option("--cron", help="When to run, as in crontab.")],
    data: DataFolder = None,
    out: OutFolder = None,
) -> None:
    """Run on a schedule under a Prefect server, until interrupted.

    Example: mentorlift serve my-project --cron "0 6 1 * *"
    """
    from pipelines.flows import serve_forever

    serve_forever(project, *_folders(project, data, out), cron)


def _folders(project: Path, data: Path | None, out: Path | None) -> tuple[Path, Path]:
    return data or project / "data", out or project / "out"


def _run_until(
    stage: str, project: Path, data: Path | None, out: Path | None, as_json: bool = False
) -> None:
    from pipelines.run import run as run_all

    outcome = run_all(project, *_folders(project, data, out), _teller(), stage)
    if outcome is None:
        return
    if as_json:
        import json

        document = {
            "schema_version": 1,
            "run": outcome.run,
            "report": str(outcome.report),
            "findings": str(outcome.findings),
            "answers": list(outcome.answers),
            "without_number": list(outcome.without_number),
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        for line in outcome.answers:
            typer.echo(line)
        typer.echo(f"report: {outcome.report}")
    if outcome.without_number:
        raise typer.Exit(Exit.NO_NUMBER)


def _teller() -> Callable[[str], None]:
    """Progress goes to standard error, so that standard output is data alone."""
    return _note


def _note(text: str) -> None:
    typer.echo(text, err=True)


def main() -> None:
    """Entry point: every expected failure is two lines and an exit code, never a traceback."""
    try:
        app()
    except UserError as error:
        _note(f"error: {error.problem}")
        _note(f"  fix: {error.fix}")
        sys.exit(int(error.exit_code))
    except BrokenPipeError:
        sys.exit(int(Exit.OK))
    except MemoryError:
        _note("error: not enough memory\n  fix: close other programs or use a larger machine")
        sys.exit(int(Exit.UNEXPECTED))
    except OSError as error:
        _note(f"error: {error.filename or 'the disk'}: {error.strerror or type(error).__name__}")
        _note("  fix: check that the folder exists, can be written and has room, then run again")
        sys.exit(int(Exit.SYSTEM))
    except Exception as error:
        if os.environ.get("MENTORLIFT_DEBUG"):
            raise
        # The text of an unforeseen exception may quote a cell, so only its kind is shown.
        _note(f"error: a defect of mentorlift ({type(error).__name__})")
        _note("  fix: set MENTORLIFT_DEBUG=1, run again, and report the traceback without data")
        sys.exit(int(Exit.UNEXPECTED))


if __name__ == "__main__":
    main()
