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
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.flows.conftest import ROOT, command, own_key
from tests.schedule.listener import listening
from tests.schedule.week import Week, day, live, report_in, write_company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.flows.conftest import Firm

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


def test_a_user_error_fails_at_once_and_carries_no_personal_data(
    server: str, firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.errors import UserError
    from pipelines.flows import run_flow

    firm.edit("funnel.csv", "result,drawn", "result,drawn on")
    with listening() as heard:
        monkeypatch.setenv("MENTORLIFT_WEBHOOK_URL", heard.url)
        state = run_flow(firm.project, firm.data, firm.out, return_state=True)
    (notice,) = heard.notices
    assert notice["state"] == "Failed" and "funnel" not in str(notice)
    assert state.is_failed()
    with pytest.raises(UserError, match=r"funnel\.csv"):
        state.result(_sync=True)
    assert "E0001" not in str(state.message)


def test_prefect_sees_the_deployment(server: str) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate

    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name="local", type="process"))
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"],
            cwd=ROOT,
            env={**os.environ, "PREFECT_API_URL": server, "MENTORLIFT_HOME": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        seen = client.read_deployment_by_name("mentorlift-run/demo-monthly")
    assert seen.entrypoint == "pipelines/flows.py:run_flow"
    assert [s.schedule.cron for s in seen.schedules] == ["0 6 1 * *"]


def test_serve_without_a_server_says_what_to_start(firm: Firm) -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        code, _, said = command("serve", str(firm.project), "--cron", "0 6 1 * *")
    assert code == 8, said
    assert "prefect server start" in said and "Traceback" not in said


def test_serve_asks_when_to_run(firm: Firm) -> None:
    code, _, said = command("serve", str(firm.project))
    assert code == 2 and "--cron" in said


@pytest.fixture(scope="module")
def week(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    folder = tmp_path_factory.mktemp("week")
    with own_key(folder), listening() as heard, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MENTORLIFT_WEBHOOK_URL", heard.url)
        lived = Week(write_company(folder))
        live(lived, server, heard.notices)
        yield lived


def test_every_run_of_the_week_has_its_state(week: Week) -> None:
    assert {n: s.type.value for n, s in week.states.items()} == dict.fromkeys(range(7), "COMPLETED")
    assert week.crashed.state_type.value == "CRASHED"
    assert week.resumed.parameters["day"] == str(day(4))


def test_a_day_that_a_later_one_has_overtaken_stays_as_it_is(week: Week) -> None:
    assert week.overtaken.name == "Superseded" and week.overtaken.is_completed()
    assert report_in(week.company.out) == week.company.copies[day(6)]


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
    past = replace(company, out=tmp_path / "out")
    asked = {0: 0, 2: 0, 3: 3, 4: 4, 5: 5}
    for number, as_of in asked.items():
        company.ask(day(as_of))
        code, _, said = past.run("--as-known-at", str(day(number)))
        assert code == 0, said
        assert report_in(past.out) == company.copies[day(number)], day(number)


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
        assert str(week.company.project.parent) not in str(notice) and "E0001" not in str(notice)


def test_a_study_has_a_deployment_and_a_folder_of_its_own(week: Week) -> None:
    from pipelines.schedule.serving import Folders, deployments
    from pipelines.timetable import Schedule

    company = week.company
    folders = Folders(company.project, company.data, company.out)
    _, apart = deployments(folders, Schedule(studies={"sales": "0 7 1 * *"}))
    assert apart.name == "little-firm-sales"
    assert apart.parameters["study"] == "sales"
    assert apart.parameters["out"] == str((company.project.parent / "out-sales").resolve())
