"""Prefect flows: orchestration only, around the functions of run.py.

Tasks carry references (folders), never data, and cache nothing: the state to go on from is the
run's own manifest. Retries are for outside causes, such as a share that is away; a wrong file or
study fails at once, since it will not mend itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_table_artifact,
)
from prefect.cache_policies import NO_CACHE

from pipelines import publish
from pipelines.config import load_project
from pipelines.errors import Exit, ServerAway, UserError
from pipelines.pull import is_pulled
from pipelines.run import Outcome, begin, end, prepare, pull_stage, released, run_stage
from reports.wording.exploratory import graded

if TYPE_CHECKING:
    from prefect.client.schemas.objects import TaskRun
    from prefect.states import State


def _outside_cause(_task: Any, _run: TaskRun, state: State[Any]) -> bool:
    """Retry what disk or network caused; another UserError stays wrong however often tried."""
    cause = state.result(raise_on_failure=False, _sync=True)
    return isinstance(cause, OSError | ServerAway)


def _stage(stage: str, project: Path, data: Path, out: Path) -> None:
    logger = get_run_logger()
    run_stage(prepare(project, data, out), stage, logger.info)


@task(
    name="pull",
    retries=2,
    retry_delay_seconds=[10, 60],
    retry_condition_fn=_outside_cause,
    cache_policy=NO_CACHE,
)
def pull(project: Path, data: Path) -> None:
    """Add what the project's databases hold to the delivered files."""
    pull_stage(project, data, get_run_logger().info)


@task(
    name="ingest",
    retries=2,
    retry_delay_seconds=[10, 60],
    retry_condition_fn=_outside_cause,
    cache_policy=NO_CACHE,
)
def ingest(project: Path, data: Path, out: Path) -> None:
    """Land every delivered file."""
    _stage("ingest", project, data, out)


@task(name="build", cache_policy=NO_CACHE)
def build(project: Path, data: Path, out: Path) -> None:
    """Build staging and marts."""
    _stage("build", project, data, out)


@task(name="estimate", cache_policy=NO_CACHE)
def estimate(project: Path, data: Path, out: Path) -> None:
    """Answer the studies."""
    _stage("estimate", project, data, out)


@task(
    name="report",
    retries=2,
    retry_delay_seconds=[10, 60],
    retry_condition_fn=_outside_cause,
    cache_policy=NO_CACHE,
)
def report(project: Path, data: Path, out: Path) -> None:
    """Write the report and publish the warehouse."""
    _stage("report", project, data, out)


@flow(name="mentorlift-run")
def run_flow(project: Path, data: Path, out: Path) -> str:
    """The whole path from raw files to the report; returns the run's id."""
    out.mkdir(parents=True, exist_ok=True)
    with publish.run_lock(out):
        if is_pulled(load_project(project)):
            pull(project, data)
        if not begin(project, data, out, get_run_logger().info).finished("report"):
            for stage in (ingest, build, estimate, report):
                stage(project, data, out)
        context = prepare(project, data, out)
        made = end(context)
        _leave_artifacts(made, [_row(r) for r in released(context)])
    return made.run


def _row(item: Any) -> dict[str, str]:
    return {"study": item.study, "grade": graded(item), "population": item.population}


def _leave_artifacts(made: Outcome, rows: list[dict[str, str]]) -> None:
    """A summary, a table and a link in the scheduler's UI: released figures only.

    Without ``_sync`` the calls would only promise to write when an event loop is running.
    """
    lines = "\n".join(f"- {line}" for line in made.answers)
    text = f"## Run {made.run}\n\n{lines}\n"
    create_markdown_artifact(key="summary", markdown=text, _sync=True)
    create_table_artifact(key="findings", table=rows, _sync=True)
    link = made.report.resolve().as_uri()
    create_link_artifact(key="report", link=link, link_text="Report", _sync=True)


def serve_forever(project: Path, data: Path, out: Path, cron: str) -> None:
    """Register the schedule with the server and wait for its runs, until interrupted."""
    import httpx
    from prefect.settings import get_current_settings

    if get_current_settings().api.url is None:
        raise _no_server()
    parameters = {name: path.resolve() for name, path in _named(project, data, out)}
    try:
        run_flow.serve(
            name=project.resolve().name,
            cron=cron,
            parameters=parameters,
            limit=1,
            pause_on_shutdown=False,
        )
    except (httpx.ConnectError, httpx.ConnectTimeout):
        raise _no_server() from None
    except ValueError as error:
        if "cron" not in str(error).lower():
            raise
        raise UserError(
            "--cron: not a schedule as in crontab",
            'Write five fields, such as "0 6 1 * *" for 6:00 on the first of each month.',
            Exit.USAGE,
        ) from None


def _named(project: Path, data: Path, out: Path) -> list[tuple[str, Path]]:
    return [("project", project), ("data", data), ("out", out)]


def _no_server() -> UserError:
    return UserError(
        "no Prefect server can be reached",
        "Start one with `prefect server start` and set PREFECT_API_URL to its address; a single "
        "run needs no server: `mentorlift run`.",
        Exit.SERVER,
    )
