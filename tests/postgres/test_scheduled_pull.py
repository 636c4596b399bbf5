"""The flow pulls with references alone: what the scheduler keeps holds no connection."""

from __future__ import annotations

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.postgres.conftest import SECRET
from tests.postgres.test_pull import insert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgres.conftest import Office

pytestmark = [
    pytest.mark.slow,
    # Prefect's own dependencies warn and leave sockets to the collector; ours are clean.
    pytest.mark.filterwarnings("default"),
]


@pytest.fixture(scope="module")
def scheduler() -> Iterator[None]:
    """A Prefect server with a database of its own, for this module."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield
    gc.collect()


async def kept_by_the_scheduler() -> str:
    """Everything it has on flows, tasks, logs and artifacts, as one text."""
    from prefect.client.orchestration import get_client
    from prefect.logging.handlers import APILogHandler

    await APILogHandler.aflush()
    async with get_client() as client:
        parts = [
            *await client.read_flow_runs(),
            *await client.read_task_runs(),
            *await client.read_logs(),
            *await client.read_artifacts(),
        ]
        return "\n".join(part.model_dump_json() for part in parts)


def test_a_flow_pulls_and_the_scheduler_learns_no_secret(office: Office, scheduler: None) -> None:
    from pipelines.flows import run_flow

    insert(office, "1 | 10 | 2024-02-01 10:00")
    run_flow(office.project, office.data, office.folder / "out")
    assert len(office.files()) == 1
    office.sql("alter role reader password 'another'")
    state = run_flow(office.project, office.data, office.folder / "out", return_state=True)
    office.sql(f"alter role reader password '{SECRET}'")
    assert state.is_failed() and "refuses the login" in str(state.message)
    with ThreadPoolExecutor(1) as thread:  # an event loop may run in this one
        kept = thread.submit(asyncio.run, kept_by_the_scheduler()).result()
    assert "1 rows pulled into kpi_2024-02-01" in kept and "refuses the login" in kept
    assert SECRET not in kept and "another" not in kept


def test_a_server_that_is_away_is_asked_again_and_a_refused_login_is_not() -> None:
    from prefect.states import Failed

    from pipelines.errors import ServerAway, UserError
    from pipelines.flows import _outside_cause

    assert _outside_cause(None, None, Failed(data=ServerAway("away", "try again")))
    assert not _outside_cause(None, None, Failed(data=UserError("refused", "ask")))
