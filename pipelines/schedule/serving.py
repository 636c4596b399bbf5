"""Serves a project's runs to a Prefect server: by the clock, and when files have arrived."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.config import chosen_studies, load_project
from pipelines.day import beside
from pipelines.errors import Exit, UserError
from pipelines.schedule.notices import crashed, send
from pipelines.schedule.watch import LOOK_EVERY, Watch, today

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from uuid import UUID

    from prefect.client.schemas.objects import FlowRun
    from prefect.deployments.runner import RunnerDeployment

    from pipelines.config import Project
    from pipelines.timetable import Schedule


@dataclass(frozen=True, slots=True)
class Folders:
    """Where project, deliveries and results lie."""

    project: Path
    data: Path
    out: Path


def deployments(folders: Folders, schedule: Schedule) -> list[RunnerDeployment]:
    """One for the whole run, one for each study that has a schedule of its own.

    A study's results go to a folder of their own beside the others: `out` becomes `out-STUDY`.
    Raises UserError for a study that the project has not, and for times that are none.
    """
    project = load_project(folders.project)
    name = project.settings.project
    made = [_deployment(name, folders, schedule.cron, schedule.timezone)]
    for study, cron in sorted(schedule.studies.items()):
        (spec,) = chosen_studies(project, study)
        apart = Folders(folders.project, folders.data, beside(folders.out, spec.study))
        made.append(_deployment(f"{name}-{study}", apart, cron, schedule.timezone, study))
    return made


def _deployment(
    name: str, folders: Folders, cron: str, zone: str, study: str | None = None
) -> RunnerDeployment:
    from prefect.schedules import Cron

    from pipelines.flows import run_flow

    given = {"project": folders.project, "data": folders.data, "out": folders.out}
    parameters: dict[str, Any] = {key: str(path.resolve()) for key, path in given.items()}
    try:
        return run_flow.to_deployment(
            name=name,
            schedule=Cron(cron, timezone=zone) if cron else None,
            parameters={**parameters, "study": study, "zone": zone},
            concurrency_limit=1,
            _sync=True,  # else an event loop of somebody else would get a promise
        )
    except ValueError as error:
        if "cron" not in str(error).lower():
            raise
        raise UserError(
            "schedule: cron: not a schedule as in crontab",
            'Write five fields, such as "0 6 1 * *" for 6:00 on the first of each month.',
            Exit.USAGE,
        ) from None


def serve_forever(folders: Folders, schedule: Schedule) -> None:
    """Register the deployments and wait for their runs, one at a time, until interrupted."""
    import httpx
    from prefect import serve
    from prefect.settings import get_current_settings

    if get_current_settings().api.url is None:
        raise _no_server()
    try:
        made = deployments(folders, schedule)
        ids = tuple(deployment.apply(_sync=True) for deployment in made)
        stop = threading.Event()
        beat = _beat(folders, schedule, load_project(folders.project), ids)
        threading.Thread(target=_forever, args=(beat, stop), daemon=True).start()
        try:
            serve(*made, limit=1, pause_on_shutdown=False)
        finally:
            stop.set()
    except (httpx.ConnectError, httpx.ConnectTimeout):
        raise _no_server() from None


def _beat(
    folders: Folders, schedule: Schedule, project: Project, ids: tuple[UUID, ...]
) -> Callable[[], None]:
    """What is done beside waiting: look for crashed runs, and for files that have arrived."""
    from prefect.client.orchestration import get_client
    from prefect.logging import get_logger

    from pipelines.schedule.crashed import Crashes

    logger, name = get_logger("mentorlift"), project.settings.project
    watch = Watch.of(folders.project, folders.data, folders.out)

    def tell(run: FlowRun, resumed: bool) -> None:
        logger.warning("flow run %s crashed; started again: %s", run.id, resumed)
        send(crashed(name, str(run.id), resumed=resumed), logger)

    crashes = Crashes(ids, tell)

    def beat() -> None:
        with get_client(sync_client=True) as client:
            crashes.look(client)
            if schedule.on_delivery and watch.look(today(schedule.timezone)):
                logger.info("files have arrived: a run is started")
                try:
                    client.create_flow_run_from_deployment(ids[0])
                except BaseException:
                    watch.again()  # the server is away: at the next look, then
                    raise

    return beat


def _forever(beat: Callable[[], None], stop: threading.Event) -> None:
    """Do it until told to stop; a server that is away now may answer the next time."""
    from prefect.logging import get_logger

    while not stop.wait(LOOK_EVERY):
        try:
            beat()
        except UserError as error:
            get_logger("mentorlift").warning("%s %s", error.problem, error.fix)
        except Exception as error:  # its text could quote anything
            get_logger("mentorlift").warning("a look failed (%s)", type(error).__name__)


def _no_server() -> UserError:
    return UserError(
        "no Prefect server can be reached",
        "Start one with `prefect server start` and set PREFECT_API_URL to its address; a single "
        "run needs no server: `mentorlift run`.",
        Exit.SERVER,
    )
