"""Prefect flows: orchestration only, around the functions of run.py.

Tasks carry references (folders, a day), never data, and cache nothing: the state to go on from is
the run's own manifest. Retries are for outside causes, such as a share that is away; a wrong file
or study fails at once, as do a full disk and a folder that may not be written: they do not mend
themselves.
"""

from __future__ import annotations

import datetime as dt
import errno
import os
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import flow, get_run_logger, runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.states import Completed

from pipelines import publish, workspace
from pipelines.config import load_project
from pipelines.day import Superseded
from pipelines.encryption import require
from pipelines.errors import Arrived, Exit, ServerAway, UserError
from pipelines.pull import is_pulled
from pipelines.run import STAGES, begin, end, prepare, pull_stage, run_stage, unfinished
from pipelines.schedule import artifacts, notices
from pipelines.stage_report import released
from pipelines.timetable import zone_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prefect.client.schemas.objects import TaskRun
    from prefect.states import State

    from pipelines.outcome import Outcome
    from pipelines.run import Context

LOCK_PATIENCE = 3600  # seconds that a run waits for another one in its output folder
LOCK_EVERY = 5
BEGINNINGS = 3  # of a run while files keep arriving
_LASTING = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS}


def _outside_cause(_task: Any, _run: TaskRun, state: State[Any]) -> bool:
    """Retry what disk or network caused, unless somebody has to make room or give permission."""
    cause = state.result(raise_on_failure=False, _sync=True)
    if isinstance(cause, OSError):
        return cause.errno not in _LASTING
    return isinstance(cause, ServerAway)


@contextmanager
def _plain() -> Iterator[None]:
    """What the scheduler keeps of an error: what we say ourselves.

    The text of an unforeseen exception, or of one behind ours, may quote a cell.
    """
    try:
        yield
    except UserError as error:
        raise error from None
    except (OSError, MemoryError):
        raise
    except Exception as error:
        if os.environ.get("MENTORLIFT_DEBUG"):
            raise
        fix = "Start `mentorlift run` with MENTORLIFT_DEBUG=1 to see where, and report it."
        problem = f"a defect of mentorlift ({type(error).__name__})"
        raise UserError(problem, fix, Exit.UNEXPECTED) from None


@dataclass(frozen=True, slots=True)
class Asked:
    """References that a stage needs: folders, the day of the run, the study if it is about one.

    ``run`` is the id of the run once it has begun: a hash of all that goes in.
    """

    project: Path
    data: Path
    out: Path
    day: dt.date | None
    study: str | None
    run: str = ""


def _stage(stage: str, asked: Asked) -> None:
    with _plain():
        context = prepare(asked.project, asked.data, asked.out, day=asked.day, study=asked.study)
        if context.space.run != asked.run:
            raise Arrived.named("a file")
        run_stage(context, stage, get_run_logger().info)


def _pull(asked: Asked) -> None:
    """Add what the project's databases hold to the delivered files."""
    with _plain():
        pull_stage(asked.project, asked.data, get_run_logger().info)


_PATIENT: dict[str, Any] = {
    "retries": 2,
    "retry_delay_seconds": [10, 60],
    "retry_condition_fn": _outside_cause,
}
pull = task(_pull, name="pull", cache_policy=NO_CACHE, **_PATIENT)
# What is computed does not go otherwise when it is tried again; files on a share may.
_STAGES = {
    stage: task(_stage, name=stage, cache_policy=NO_CACHE, **more)
    for stage, more in zip(STAGES, (_PATIENT, {}, {}, _PATIENT), strict=True)
}


@flow(name="mentorlift-run")
def run_flow(
    project: Path,
    data: Path,
    out: Path,
    day: dt.date | None = None,
    study: str | None = None,
    zone: str = "UTC",
) -> Any:
    """The whole path from raw files to the report, of all studies or of one; returns the run's id.

    A run of a deployment is about the day it was planned for, in ``zone``, whenever it comes to
    run: files dated later wait. A day whose place a later one has taken is complete as it is.
    """
    asked = Asked(project, data, out, day or _planned_day(zone), study)
    name, logger = "", get_run_logger()
    flow_run = str(runtime.flow_run.id or "")
    try:
        with _plain():
            name = load_project(project).settings.project
            made, changed = _run(asked, name if study is None else f"{name}-{study}")
    except Superseded as why:
        return Completed(name="Superseded", message=why.problem, data="")
    except Exception as error:
        notices.send(notices.failed(name, flow_run, error), logger)
        raise
    if changed:
        notices.send(notices.completed(name, flow_run, made), logger)
    return made.run


def _planned_day(zone: str) -> dt.date | None:
    if runtime.deployment.id is None:
        return None
    planned: dt.datetime = runtime.flow_run.scheduled_start_time
    return planned.astimezone(zone_named(zone)).date()


def _run(asked: Asked, name: str) -> tuple[Outcome, bool]:
    """The outcome, and whether there is a new report."""
    require(load_project(asked.project))
    asked.out.mkdir(parents=True, exist_ok=True)
    with _lock(asked.out):
        if is_pulled(load_project(asked.project)):
            pull(asked)
        context, changed = _done(asked)
        made = end(context)
        artifacts.leave(name, made, released(context))
    return made, changed


def _done(asked: Asked) -> tuple[Context, bool]:
    """The context of the finished run, and whether there is a new report.

    Where files arrive meanwhile it begins again with them, some times at most.
    """
    say, folders = get_run_logger().info, (asked.project, asked.data, asked.out)
    for left in reversed(range(BEGINNINGS)):
        context = begin(*folders, say, day=asked.day, study=asked.study)
        for line in unfinished(context):
            say(line)
        if context.finished(STAGES[-1]):
            say("nothing has changed since the last run; the report is kept")
            return context, False
        try:
            for stage, stage_task in _STAGES.items():
                stage_task(stage, replace(asked, run=context.space.run))
        except Arrived as why:
            if not left:
                raise
            say(f"{why.problem}: the run begins again")
            continue
        manifest = workspace.resume(context.space, context.manifest)
        return replace(context, manifest=manifest), True
    raise AssertionError("the last beginning ends or raises")


@contextmanager
def _lock(out: Path) -> Iterator[None]:
    """The lock of the output folder, waited for: a run by hand, or of another day, may be in it."""
    until = time.monotonic() + LOCK_PATIENCE
    held = ExitStack()
    while True:
        try:
            held.enter_context(publish.run_lock(out))
            break
        except UserError as error:
            if error.exit_code != Exit.BUSY or time.monotonic() > until:
                raise
            time.sleep(LOCK_EVERY)
    with held:
        yield
