"""Commands about files: the demo company, a first project file, a look at what was delivered."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003  (typer reads annotations when it runs)
from typing import Annotated

import typer

from pipelines.cli_options import AsJson, DataFolder, ProjectFolder, note, tell
from reports.numbers import escaped

commands = typer.Typer()
DEMO_PEOPLE = 5000


class Dialects(StrEnum):
    """How the demo company's files are written."""

    clean = "clean"
    vendor = "vendor"


class Defects(StrEnum):
    """Whether the demo company's vendor files have defects."""

    planted = "planted"
    none = "none"


@commands.command("pull")
def pull_command(project: ProjectFolder, data: DataFolder = None) -> None:
    """Write what has changed in the project's databases into the data folder, as delivered files.

    Example: mentorlift pull my-project --data exports
    """
    from pipelines.config import load_project
    from pipelines.pull import is_pulled, pull

    settings = load_project(project)
    if not is_pulled(settings):
        note("no source of this project is a database: there is nothing to pull")
    for path in pull(settings, data or project / "data", note):
        tell(str(path))


@commands.command()
def check(project: ProjectFolder, data: DataFolder = None, as_json: AsJson = False) -> None:
    """Show what a run would do with each file; loads nothing, writes nothing, names all problems.

    Example: mentorlift check my-project --data exports
    """
    from pipelines.config import load_project
    from pipelines.ingest.check import examine

    checked = examine(load_project(project).settings, data or project / "data", project)
    if as_json:
        import json

        typer.echo(escaped(json.dumps(checked.as_dict(), ensure_ascii=False, indent=1)))
    else:
        for line in checked.lines():
            tell(line)
    if checked.exit_code:
        raise typer.Exit(checked.exit_code)


@commands.command()
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
    tell(f"{path}: {doubts} places to decide or fill in; look for TODO and decide:")


@commands.command()
def dialects() -> None:
    """List the systems whose exports are known, with what is assumed of each.

    Example: mentorlift dialects
    """
    from pipelines.ingest.dialect import shipped

    for name, dialect in shipped().items():
        tell(f"{name}: {dialect.system}. {dialect.what}.")
        tell(f"  assumed: {' '.join(dialect.assumed.split())}")


@commands.command()
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
    note(f"demo company in {out}: project {made.project}, exports {made.data}")
    note(f"the planted truth lies in {made.truth}")
