"""Runs that crash again and again are started again twice, and then left to a person."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from pipelines import publish
from pipelines.schedule.crashed import RESUMES, Crashes, day_of

DEPLOYMENT = uuid4()


class Server:
    """Runs of one deployment, newest first, and what was asked of them."""

    def __init__(self, *runs: Any) -> None:
        self.runs = list(runs)
        self.made: dict[str, dict[str, Any]] = {}

    def read_flow_runs(self, **_: Any) -> list[Any]:
        return self.runs

    def set_flow_run_state(self, run: UUID, state: Any, force: bool) -> None:
        assert force
        (found,) = (r for r in self.runs if r.id == run)
        found.state_type = state.type

    def create_flow_run_from_deployment(
        self, deployment: UUID, *, parameters: dict[str, Any], idempotency_key: str, tags: list[str]
    ) -> None:
        assert deployment == DEPLOYMENT
        self.made[idempotency_key] = {"parameters": parameters, "tags": tags}


def run(state: str, out: Any, *tags: str, **parameters: Any) -> Any:
    return SimpleNamespace(
        id=uuid4(),
        state_type=SimpleNamespace(value=state),
        tags=list(tags),
        parameters={"out": str(out), **parameters},
        expected_start_time=dt.datetime(2026, 3, 5, 23, 30, tzinfo=dt.UTC),
    )


def look(server: Server, times: int = 1) -> list[bool]:
    """Whether each run that was told goes on."""
    told: list[bool] = []
    crashes = Crashes((DEPLOYMENT,), lambda _, again: told.append(again))
    for _ in range(times):
        crashes.look(server)  # type: ignore[arg-type]
    return told


def test_a_dead_run_is_started_again_for_its_own_day(tmp_path: Any) -> None:
    server = Server(run("RUNNING", tmp_path, zone="Europe/Berlin"))
    assert look(server, 1) == [] and look(server, 3) == [True]
    (made,) = server.made.values()
    assert made["tags"] == ["resumed-1"] and made["parameters"]["day"] == "2026-03-06"


def test_a_run_that_holds_its_folder_is_alive(tmp_path: Any) -> None:
    server = Server(run("RUNNING", tmp_path))
    with publish.run_lock(tmp_path):
        assert look(server, 3) == []
    assert not server.made


def test_after_two_restarts_a_person_is_asked(tmp_path: Any) -> None:
    server = Server(run("CRASHED", tmp_path, f"resumed-{RESUMES}"))
    assert look(server, 3) == [False]
    assert not server.made


def test_a_crash_that_a_later_run_has_overtaken_is_left_alone(tmp_path: Any) -> None:
    server = Server(run("COMPLETED", tmp_path), run("CRASHED", tmp_path))
    assert look(server, 3) == [] and not server.made


def test_the_day_of_a_run_is_its_parameter_or_that_of_its_schedule(tmp_path: Any) -> None:
    assert day_of(run("RUNNING", tmp_path)) == dt.date(2026, 3, 5)
    assert day_of(run("RUNNING", tmp_path, day="2026-03-04")) == dt.date(2026, 3, 4)
