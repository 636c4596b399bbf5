"""The `mentorlift` command. Heavy libraries are imported inside the commands that need them."""

from __future__ import annotations

import os
import sys
from datetime import datetime
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
KnownAt = Annotated[
    datetime | None,
    typer.Option(
        "--as-known-at",
        formats=["%Y-%m-%d"],
        help="As if on that day: later deliveries do not exist [out: PROJECT/out-DATE].",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
DEMO_PEOPLE = 5000


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
) -> None:
    """Ingest, build, estimate and report: the whole path.

    Example: mentorlift run data/examples/kenya_mentors --data ../kenya --out out
    """
    _run_until("report", project, data, out, as_known_at, as_json, pull)


@app.command("pull")
def pull_command(project: ProjectFolder, data: DataFolder = None) -> None:
    """Write what has changed in the project's databases into the data folder, as delivered files.

    Example: mentorlift pull my-project --data exports
    """
    from pipelines.config import load_project
    from pipelines.pull import is_pulled, pull

    settings = load_project(project)
    if not is_pulled(settings):
        _note("no source of this project is a database: there is nothing to pull")
    for path in pull(settings, data or project / "data", _note):
        typer.echo(path)


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
) -> None:
    """Land, build and answer the studies, without writing the report.

    Example: mentorlift estimate my-project --data exports
    """
    _run_until("estimate", project, data, out, as_known_at)


@app.command()
def report(
    project: ProjectFolder,
    data: DataFolder = None,
    out: OutFolder = None,
    as_known_at: KnownAt = None,
) -> None:
    """Write the report; stages that are finished are not done again.

    Example: mentorlift report my-project --data exports
    """
    _run_until("report", project, data, out, as_known_at)


@app.command()
def check(project: ProjectFolder, data: DataFolder = None, as_json: AsJson = False) -> None:
    """Show what a run would do with each file; loads nothing, writes nothing, names all problems.

    Example: mentorlift check my-project --data exports
    """
    from pipelines.config import load_project
    from pipelines.ingest.check import examine

    checked = examine(load_project(project).settings, data or project / "data", project)
    if as_json:
        import json

        typer.echo(json.dumps(checked.as_dict(), ensure_ascii=False, indent=1))
    else:
        for line in checked.lines():
            typer.echo(line)
    if checked.exit_code:
        raise typer.Exit(checked.exit_code)


@app.command()
def init(
    files: Annotated[
        list[Path], typer.Option("--from", help="Folder with exports, or files; may be repeated.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Project folder to write.")],
) -> None:
    """Write a project file from delivered files; every guess in it is marked as one.

    Example: mentorlift init --from exports --out my-project
    """
    from pipelines.ingest.init import write_project

    path, doubts = write_project(files, out)
    typer.echo(f"{path}: {doubts} places to decide or fill in; look for TODO and decide:")


@app.command()
def dialects() -> None:
    """List the systems whose exports are known, with what is assumed of each.

    Example: mentorlift dialects
    """
    from pipelines.ingest.dialect import shipped

    for name, dialect in shipped().items():
        typer.echo(f"{name}: {dialect.system}. {dialect.what}.")
        typer.echo(f"  assumed: {' '.join(dialect.assumed.split())}")


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
) -> None:
    """Make a company with a known truth: project, exports and, apart from them, the truth.

    Example: mentorlift demo --out data/demo --people 5000
    """
    from pipelines.demo import DEFAULT_SEED, write_demo

    made = write_demo(
        out, scenario=scenario, people=people, seed=DEFAULT_SEED if seed is None else seed
    )
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
    stage: str,
    project: Path,
    data: Path | None,
    out: Path | None,
    as_known_at: datetime | None,
    as_json: bool = False,
    pulling: bool = False,
) -> None:
    from pipelines.ingest import partial
    from pipelines.run import run as run_all

    known_at = as_known_at.date() if as_known_at else None
    if known_at and out is None:  # a past state must not take the place of today's
        out = project / f"out-{known_at}"
    folders = _folders(project, data, out)
    outcome = run_all(project, *folders, _teller(), stage, known_at, pulling=pulling)
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
    if outcome.refused:
        raise partial(outcome.refused)
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
