"""A week of a small company whose sales are delivered weekly, by Tuesday, as dated files."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.flows.conftest import PROJECT, ROOT, STUDY, Firm, write_exports, write_project

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

MONDAY = dt.date(2026, 3, 2)
BEFORE = dt.date(2026, 2, 24)  # the Tuesday of the week before
EARLIER = dt.date(2026, 2, 20)
DATED = "delivered_on: {from_name: '(\\d{4}-\\d{2}-\\d{2})'}\n    expected: weekly by tuesday"


def day(number: int) -> dt.date:
    """A day of the week; 0 is its Monday."""
    return MONDAY + dt.timedelta(days=number)


@dataclass(frozen=True)
class Company(Firm):
    """The company; ``copies`` has what `report.html` and `findings.json` were after each day."""

    copies: dict[dt.date, tuple[bytes, bytes]] = field(default_factory=dict)

    def ask(self, as_of: dt.date) -> None:
        """The owner asks the study as of a day."""
        (self.project / "studies" / "sales.yml").write_text(STUDY.replace("2025-12-31", str(as_of)))

    def deliver(self, on: dt.date, rows: list[str]) -> None:
        """A file of sales arrives."""
        lines = ["employee,month,revenue", *rows]
        (self.data / f"sales-{on}.csv").write_text("\n".join(lines) + "\n")

    def keep(self, on: dt.date) -> None:
        """Remember the report of a day."""
        self.copies[on] = report_in(self.out)


def report_in(out: Path) -> tuple[bytes, bytes]:
    """Report and findings as bytes."""
    return (out / "report.html").read_bytes(), (out / "findings.json").read_bytes()


def write_company(folder: Path) -> Company:
    """The company with the sales of the Tuesday before the week."""
    text = PROJECT.replace("2025-12-31", str(EARLIER)).replace("sales.csv", "sales-*.csv")
    head, sales = text.split("- name: sales")
    sales = sales.replace(f"delivered_on: {EARLIER}", DATED, 1)
    write_project(folder, f"{head}- name: sales{sales}")
    company = Company.below(folder)
    company.ask(MONDAY)
    write_exports(company.data, people=40)
    (company.data / "sales.csv").rename(company.data / f"sales-{BEFORE}.csv")
    return company


def later_sales(gain: int) -> list[str]:
    """Sales of a month after the draw, told anew: winners sell ``gain`` more."""
    return [
        f"E{n:04d},2025-06,{100 + n + (n * 7) % 11 - 5 + gain * (n % 2 == 0)}" for n in range(40)
    ]


def planned(client: Any, deployment: UUID, on: dt.date) -> UUID:
    """A run as the scheduler makes it: for six o'clock of a day."""
    from prefect.states import Pending, Scheduled

    at = dt.datetime.combine(on, dt.time(6), dt.UTC)
    run = client.create_flow_run_from_deployment(deployment, state=Scheduled(scheduled_time=at))
    client.set_flow_run_state(run.id, Pending())
    made: UUID = run.id
    return made


def execute(client: Any, run: UUID) -> Any:
    """The state of a planned run after it ran in this process, as the runner's child runs it."""
    from prefect.flow_engine import run_flow as engine

    from pipelines.flows import run_flow

    return engine(run_flow, flow_run=client.read_flow_run(run), return_type="state")


EXECUTE = """
import sys
from uuid import UUID
from prefect.client.orchestration import get_client
from tests.schedule.week import execute
with get_client(sync_client=True) as client:
    execute(client, UUID(sys.argv[1]))
"""


@dataclass
class Week:
    """What the week left: state and notices of each day; the crashed run and the one begun for it,
    when its estimates were written, before and after; a Monday that was made up for last of all.
    """

    company: Company
    states: dict[int, Any] = field(default_factory=dict)
    notices: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    crashed: Any = None
    resumed: Any = None
    estimated: tuple[int, int] = (0, 0)
    overtaken: Any = None


def live(week: Week, server: str, heard: list[dict[str, Any]]) -> None:
    """Let the week go by; ``heard`` are the notices that came."""
    from prefect.client.orchestration import get_client

    from pipelines.schedule.serving import Folders, deployments
    from pipelines.timetable import Schedule

    company = week.company
    folders = Folders(company.project, company.data, company.out)
    whole, _apart = deployments(folders, Schedule(cron="0 6 * * *", studies={"sales": "0 7 1 * *"}))
    deployment = whole.apply(_sync=True)
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
        _saturday_by_hand(company)
        company.deliver(day(7), later_sales(99))  # dated after the day that is made up for
        lives(5, missed)
        lives(6)
        week.overtaken = execute(client, planned(client, deployment, day(0)))


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


def _saturday_by_hand(company: Company) -> None:
    """The plain command where the server is away."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
        code, _, said = company.run("--on", str(day(5)))
    assert code == 0, said
    company.keep(day(5))
