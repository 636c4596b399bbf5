"""Commands that start runs by themselves: under a Prefect server, or without one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli_options import DataFolder, OutFolder, ProjectFolder, folders, note, tell
from pipelines.errors import Arrived, Exit, UserError, of_the_machine

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.timetable import Schedule

commands = typer.Typer()
PASSING = (Exit.BUSY, Exit.SERVER, Exit.SYSTEM)  # causes that lie in no file and no project


@commands.command()
def serve(
    project: ProjectFolder,
    cron: Annotated[
        str, typer.Option("--cron", help="When to run, as in crontab [schedule: of the project].")
    ] = "",
    data: DataFolder = None,
    out: OutFolder = None,
) -> None:
    """Run by schedule and when files arrive, under a Prefect server, until interrupted.

    Example: mentorlift serve my-project --cron "0 6 1 * *"
    """
    schedule = _schedule(project)
    if cron:
        schedule = schedule.model_copy(update={"cron": cron})
    if not (schedule.cron or schedule.on_delivery or schedule.studies):
        raise UserError(
            f"{project}: nothing says when to run",
            "Give --cron, or write `schedule:` into mentorlift.yml.",
            Exit.USAGE,
        )
    from pipelines.schedule.serving import Folders, serve_forever

    serve_forever(Folders(project, *folders(project, data, out)), schedule)


@commands.command()
def watch(
    project: ProjectFolder,
    data: DataFolder = None,
    out: OutFolder = None,
    every: Annotated[
        float, typer.Option("--every", min=0.1, help="Seconds between two looks.")
    ] = 30,
    looks: Annotated[
        int, typer.Option("--looks", min=0, help="Stop after so many [0: never].")
    ] = 0,
) -> None:
    """Run whenever files have arrived completely, without a server, until interrupted.

    Example: mentorlift watch my-project --data exports
    """
    from pipelines.run import run
    from pipelines.schedule.watch import Watch, today

    places = (project, *folders(project, data, out))
    zone, seen, done = _schedule(project).timezone, Watch.of(*places), 0
    while True:
        try:
            if seen.look(day := today(zone)):
                made = run(*places, note, day=day, pulling=True)
                for line in made.answers if made else ():
                    tell(line)
        except (UserError, OSError) as error:  # said, and tried again with the next files
            told = of_the_machine(error) if isinstance(error, OSError) else error
            note(f"error: {told.problem}\n  fix: {told.fix}")
            if told.exit_code in PASSING or isinstance(told, Arrived):
                seen.again()  # with the same ones, at the next look
        done += 1
        if done == looks:
            return
        time.sleep(every)


def _schedule(project: Path) -> Schedule:
    from pipelines.config import load_project

    return load_project(project).settings.schedule
