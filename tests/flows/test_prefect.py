"""The scheduler: flows run under a test server, leave artifacts, are seen as deployments."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

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
    summary = Artifact.get("summary", _sync=True)
    assert summary is not None and run in str(summary.data) and "Randomised" in str(summary.data)
    table = Artifact.get("findings", _sync=True)
    assert table is not None and "sales" in str(table.data)
    link = Artifact.get("report", _sync=True)
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


def test_outside_causes_are_retried_and_wrong_input_is_not() -> None:
    from prefect.states import Failed

    from pipelines.errors import UserError
    from pipelines.flows import _outside_cause

    away, wrong = OSError("the share is away"), UserError("funnel.csv: row 3", "mend it")
    assert _outside_cause(None, None, Failed(data=away))
    assert not _outside_cause(None, None, Failed(data=wrong))


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
