"""Everything that needs a Prefect server, in one file, so that one is started once.

Flows leave artifacts, are seen as deployments, and a week of scheduled runs goes by: Monday a first
report, Tuesday nothing, Wednesday what was due is missing, Thursday it comes late and beside a
copy of an old file, Friday it is corrected and the process is killed, Saturday the server is away,
Sunday Saturday is made up for.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.flows.conftest import command, own_key
from tests.schedule.listener import listening
from tests.schedule.week import (
    EXECUTE,
    Company,
    day,
    execute,
    later_sales,
    planned,
    report_in,
    write_company,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.flows.conftest import Firm

ROOT = Path(__file__).resolve().parents[2]
SERVER_START_SECONDS = 120  # a cold server on a busy two-core machine takes half a minute

pytestmark = [
    pytest.mark.slow,
    # Prefect's own dependencies warn and leave sockets to the collector; ours are clean.
    pytest.mark.filterwarnings("default"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server with a database of its own, for this module."""
    from prefect.settings import get_current_settings
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=SERVER_START_SECONDS):
        yield str(get_current_settings().api.url)
    gc.collect()  # sockets Prefect left open complain here and not in the next module


def test_a_flow_run_succeeds_and_leaves_its_artifacts(server: str, firm: Firm) -> None:
    from prefect.artifacts import Artifact

    from pipelines.flows import run_flow

    run = run_flow(firm.project, firm.data, firm.out)
    assert (firm.out / "report.html").is_file()
    summary = Artifact.get("little-firm-summary", _sync=True)
    assert summary is not None and run in str(summary.data) and "Randomised" in str(summary.data)
    table = Artifact.get("little-firm-findings", _sync=True)
    assert table is not None and "sales" in str(table.data)
    fresh = Artifact.get("little-firm-freshness", _sync=True)
    assert fresh is not None and "2025-12-31" in str(fresh.data)
    link = Artifact.get("little-firm-report", _sync=True)
    assert link is not None and "report.html" in str(link.data)


def test_a_user_error_fails_at_once_and_carries_no_personal_data(server: str, firm: Firm) -> None:
    from pipelines.errors import UserError
    from pipelines.flows import run_flow

    firm.edit("funnel.csv", "result,drawn", "result,drawn on")
    state = run_flow(firm.project, firm.data, firm.out, return_state=True)
    assert state.is_failed()
    with pytest.raises(UserError, match=r"funnel\.csv"):
        state.result(_sync=True)
    assert "E0001" not in str(state.message)


def test_prefect_sees_the_deployment(server: str) -> None:
    environment = {**os.environ, "PREFECT_API_URL": server, "MENTORLIFT_HOME": str(ROOT)}
    prefect = [sys.executable, "-m", "prefect"]

    def call(*args: str) -> str:
        done = subprocess.run(
            [*prefect, *args],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    call("work-pool", "create", "local", "--type", "process")
    call("--no-prompt", "deploy", "--all")
    seen = call("deployment", "inspect", "mentorlift-run/demo-monthly")
    assert "0 6 1 * *" in seen and "pipelines/flows.py:run_flow" in seen


def test_serve_without_a_server_says_what_to_start(firm: Firm) -> None:
    command = [sys.executable, "-m", "pipelines.cli", "serve", str(firm.project)]
    environment = {**os.environ, "PREFECT_API_URL": "http://127.0.0.1:9/api"}
    done = subprocess.run(
        [*command, "--cron", "0 6 1 * *"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 8, done.stderr
    assert "prefect server start" in done.stderr and "Traceback" not in done.stderr


@dataclass
class Week:
    """What the week left: the company, state and notices of each day, and the crashed run."""

    company: Company
    states: dict[int, Any] = field(default_factory=dict)
    notices: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    crashed: Any = None
    resumed: Any = None
    estimated: tuple[int, int] = (0, 0)
    by_hand: str = ""


@pytest.fixture(scope="module")
def week(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    folder = tmp_path_factory.mktemp("week")
    with own_key(folder), listening() as heard, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MENTORLIFT_WEBHOOK_URL", heard.url)
        lived = Week(write_company(folder))
        _live(lived, server, heard.notices)
        yield lived


def _live(week: Week, server: str, heard: list[dict[str, Any]]) -> None:
    from prefect.client.orchestration import get_client

    from pipelines.schedule.serving import Folders, deployments
    from pipelines.timetable import Schedule

    company = week.company
    folders = Folders(company.project, company.data, company.out)
    whole, _apart = deployments(folders, Schedule(cron="0 6 * * *", studies={"sales": "0 7 1 * *"}))
    deployment = whole.apply()
    with get_client(sync_client=True) as client:

        def lives(number: int, run: Any = None) -> None:
            run = run or planned(client, deployment, day(number))
            week.states[number] = execute(client, run)
            week.notices[number] = [heard.pop(0) for _ in range(len(heard))]
            company.keep(day(number))

        lives(0)
        lives(1)
        lives(2)
        company.ask(day(3))
        company.deliver(day(3), later_sales(10))
        old = company.data / f"sales-{day(-6)}.csv"
        (company.data / f"sales-{day(3)}-again.csv").write_bytes(old.read_bytes())
        lives(3)
        company.ask(day(4))
        company.deliver(day(4), later_sales(14))
        _crash(week, server, client, deployment)
        lives(4, week.resumed.id)
        releases = next(company.out.glob(f"runs/{_run_of(company)}/work/releases.json"))
        week.estimated = (week.estimated[0], releases.stat().st_mtime_ns)
        company.ask(day(5))
        company.deliver(day(5), later_sales(12))
        missed = planned(client, deployment, day(5))  # as planned before the server went away
        week.by_hand = _saturday_by_hand(company)
        company.deliver(day(7), later_sales(99))  # dated after the day that is made up for
        lives(5, missed)
        lives(6)


def _run_of(company: Company) -> str:
    from pipelines.publish import run_in_force

    return run_in_force(company.out / "warehouse")


def _crash(week: Week, server: str, client: Any, deployment: Any) -> None:
    """Friday's process is killed when it has estimated; two looks find it dead."""
    from pipelines.schedule.crashed import Crashes

    run, told = planned(client, deployment, day(4)), []
    environment = {**os.environ, "PREFECT_API_URL": server, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run(
        [sys.executable, "-c", EXECUTE, str(run)],
        cwd=ROOT,
        env={**environment, "MENTORLIFT_FAULT": "estimate-after-mark"},
        capture_output=True,
        timeout=180,
        check=False,
    )
    assert killed.returncode == -9, killed.stderr
    assert client.read_flow_run(run).state_type.value == "RUNNING"
    (releases,) = (
        path
        for path in week.company.out.glob("runs/*/work/releases.json")
        if not (path.parents[1] / "record.json").exists()
    )
    week.estimated = (releases.stat().st_mtime_ns, 0)
    crashes = Crashes((deployment,), lambda dead, again: told.append((dead.id, again)))
    assert crashes.look(client) == [] and crashes.look(client) == [run]
    assert crashes.look(client) == [] and told == [(run, True)]
    week.crashed = client.read_flow_run(run)
    (week.resumed,) = _unstarted(client, deployment)
    from prefect.states import Pending

    client.set_flow_run_state(week.resumed.id, Pending())


def _unstarted(client: Any, deployment: Any) -> list[Any]:
    """Runs that carry the mark of having been started again."""
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags

    wanted = FlowRunFilter(tags=FlowRunFilterTags(all_=["resumed-1"]))
    return [
        r for r in client.read_flow_runs(flow_run_filter=wanted) if r.deployment_id == deployment
    ]


def _saturday_by_hand(company: Company) -> str:
    """The plain command where the server is away; what it says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
        arguments = [*company.arguments, "--out", str(company.out), "--on", str(day(5))]
        code, _, said = command("run", *arguments)
    assert code == 0, said
    company.keep(day(5))
    return said


def test_every_run_of_the_week_has_its_state(week: Week) -> None:
    assert {n: s.type.value for n, s in week.states.items()} == dict.fromkeys(range(7), "COMPLETED")
    assert week.crashed.state_type.value == "CRASHED"
    assert week.resumed.parameters["day"] == str(day(4))


def test_what_was_done_before_the_crash_is_not_done_again(week: Week) -> None:
    before, after = week.estimated
    assert before == after


def test_nothing_ran_twice(week: Week) -> None:
    """Reports of six states: Tuesday's, and Saturday's and Sunday's second ones, are kept."""
    import json

    numbers = sorted(
        json.loads(path.read_text())["number"]
        for path in week.company.out.glob("runs/*/record.json")
    )
    assert numbers == [1, 2, 3, 4, 5]
    made = [week.company.copies[day(n)] for n in range(7)]
    assert made[1] == made[0] and made[6] == made[5]
    assert len({report for report, _ in made}) == len(numbers)


def test_every_report_is_as_known_at_its_day(week: Week, tmp_path: Path) -> None:
    """At the end of the week, from all its files, each day's report is made again by command."""
    company = week.company
    asked = {0: 0, 2: 0, 3: 3, 4: 4, 5: 5}
    for number, as_of in asked.items():
        company.ask(day(as_of))
        past = ["--out", str(tmp_path / "out"), "--as-known-at", str(day(number))]
        code, _, said = command("run", *company.arguments, *past)
        assert code == 0, said
        assert report_in(tmp_path / "out") == company.copies[day(number)], day(number)


def test_what_was_due_is_said_in_the_report_and_in_the_notice(week: Week) -> None:
    reports = [week.company.copies[day(n)][0].decode() for n in range(7)]
    due = "Deliveries that were due"
    assert due in reports[0] and "not there" not in reports[0]
    assert "not there" in reports[2] and "as of 24\u00a0Feb\u00a02026" in reports[2]
    assert "came 2 days late" in reports[3] and "not there" not in reports[3]
    assert f"same content as sales-{day(-6)}.csv" in reports[3]
    (missing,), (late,) = week.notices[2], week.notices[3]
    (said,) = missing["deliveries"]
    assert said.replace("\u00a0", " ") == (
        "sales: due 3 Mar 2026, not there; what comes from it is as of 24 Feb 2026"
    )
    assert "Ask for the files" in missing["to_do"]
    assert late["deliveries"] == ["sales: due 3\u00a0Mar\u00a02026, came 2 days late"]


def test_notices_come_with_new_reports_alone_and_carry_no_path(week: Week) -> None:
    assert [len(week.notices[n]) for n in range(7)] == [1, 0, 1, 1, 1, 0, 0]
    for notice in (n for notices in week.notices.values() for n in notices):
        assert notice["project"] == "little-firm" and notice["state"] == "Completed"
        assert str(week.company.folder) not in str(notice) and "E0001" not in str(notice)


def test_a_study_has_a_deployment_and_a_folder_of_its_own(week: Week) -> None:
    from pipelines.schedule.serving import Folders, deployments
    from pipelines.timetable import Schedule

    company = week.company
    folders = Folders(company.project, company.data, company.out)
    _, apart = deployments(folders, Schedule(studies={"sales": "0 7 1 * *"}))
    assert apart.name == "little-firm-sales"
    assert apart.parameters["study"] == "sales"
    assert apart.parameters["out"] == str((company.folder / "out-sales").resolve())
