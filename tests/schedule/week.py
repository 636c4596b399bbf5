"""A week of a small company whose sales are delivered weekly, by Tuesday, as dated files."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.flows.conftest import PROJECT, STUDY, write_exports

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


@dataclass
class Company:
    """Its folders; ``copies`` has what `report.html` and `findings.json` were after each day."""

    folder: Path
    copies: dict[dt.date, tuple[bytes, bytes]] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def data(self) -> Path:
        return self.folder / "exports"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def arguments(self) -> list[str]:
        """What follows `mentorlift run` but for the output folder."""
        return [str(self.project), "--data", str(self.data)]

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
    company = Company(folder)
    (company.project / "studies").mkdir(parents=True)
    text = PROJECT.replace("2025-12-31", str(EARLIER)).replace("sales.csv", "sales-*.csv")
    head, sales = text.split("- name: sales")
    sales = sales.replace(f"delivered_on: {EARLIER}", DATED, 1)
    (company.project / "mentorlift.yml").write_text(f"{head}- name: sales{sales}")
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
