"""Runs whose process is gone although the scheduler still counts them as running.

A run holds the lock of its output folder from beginning to end, and the operating system frees the
lock of a dead process: a run that is seen running at two looks while nobody holds the lock is dead.
It is marked so, and started again for the same day; it goes on behind its last finished stage.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import publish
from pipelines.errors import UserError
from pipelines.timetable import zone_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

RESUMES = 2  # a run that crashes more often is looked at by a person
_TAG = "resumed-"
_MANY = 20  # newest runs of a deployment that are looked at


@dataclass
class Crashes:
    """Looks for dead runs of some deployments; ``tell`` gets each, and whether it goes on."""

    deployments: tuple[UUID, ...]
    tell: Callable[[FlowRun, bool], None]
    _suspects: set[UUID] = field(default_factory=set)
    _told: set[UUID] = field(default_factory=set)

    def look(self, client: SyncPrefectClient) -> list[UUID]:
        """Mark dead runs as crashed and start the newest of each deployment again; the marked."""
        marked, suspects = [], set()
        for deployment in self.deployments:
            runs = _newest(client, deployment)
            for run in runs:
                if not _is(run, "RUNNING") or _is_held(run):
                    continue
                if run.id in self._suspects:
                    _mark(client, run)
                    marked.append(run.id)
                else:
                    suspects.add(run.id)
            if runs and (runs[0].id in marked or _is(runs[0], "CRASHED")):
                self._resume(client, deployment, runs[0])
        self._suspects = suspects
        return marked

    def _resume(self, client: SyncPrefectClient, deployment: UUID, run: FlowRun) -> None:
        times = _resumes(run.tags)
        resumed = times < RESUMES
        if resumed:
            client.create_flow_run_from_deployment(
                deployment,
                parameters={**run.parameters, "day": day_of(run).isoformat()},
                idempotency_key=f"resume-{run.id}",  # started again once, whoever looks
                tags=[f"{_TAG}{times + 1}"],
            )
        if run.id not in self._told:
            self._told.add(run.id)
            self.tell(run, resumed)


def day_of(run: FlowRun) -> dt.date:
    """The day that a run is about: its parameter, else that of its schedule."""
    if given := run.parameters.get("day"):
        return dt.date.fromisoformat(str(given))
    planned = run.expected_start_time
    if planned is None:
        raise ValueError("a run of a deployment has a planned start")
    zone = zone_named(str(run.parameters.get("zone", "UTC")))
    return planned.astimezone(zone).date()


def _newest(client: SyncPrefectClient, deployment: UUID) -> list[FlowRun]:
    """The newest runs of a deployment that have begun, newest first."""
    from prefect.client.schemas.filters import (
        DeploymentFilter,
        DeploymentFilterId,
        FlowRunFilter,
        FlowRunFilterStartTime,
    )
    from prefect.client.schemas.sorting import FlowRunSort

    return client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])),
        flow_run_filter=FlowRunFilter(start_time=FlowRunFilterStartTime(is_null_=False)),
        sort=FlowRunSort.START_TIME_DESC,
        limit=_MANY,
    )


def _mark(client: SyncPrefectClient, run: FlowRun) -> None:
    from prefect.states import Crashed

    message = "Nobody holds the output folder: the process of this run is gone."
    client.set_flow_run_state(run.id, Crashed(message=message), force=True)


def _is(run: FlowRun, kind: str) -> bool:
    return run.state_type is not None and run.state_type.value == kind


def _is_held(run: FlowRun) -> bool:
    """Whether some process holds the output folder of the run."""
    out: Any = run.parameters.get("out")
    if not out or not Path(out).is_dir():
        return False
    try:
        with publish.run_lock(Path(out)):
            return False
    except UserError:
        return True


def _resumes(tags: Iterable[str]) -> int:
    return max((int(t.removeprefix(_TAG)) for t in tags if t.startswith(_TAG)), default=0)
