"""Notices: what to do by the kind of error, nothing of its text; a webhook never fails a run."""

from __future__ import annotations

import errno
import logging
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import Exit, ServerAway, UserError
from pipelines.schedule.notices import VARIABLE, crashed, failed, send
from tests.schedule.listener import listening

if TYPE_CHECKING:
    from pathlib import Path

LOG = logging.getLogger("test.notices")
SECRET = "104711"


@pytest.mark.parametrize(
    ("error", "to_do"),
    [
        (UserError(f"x.csv: {SECRET}", "mend it"), "Mend or replace a file"),
        (UserError(f"key {SECRET}", "mend it", Exit.PROJECT), "Mend the project file"),
        (ServerAway(f"host {SECRET}", "wait"), "A server was away"),
        (OSError(errno.ENOSPC, "full", f"/data/{SECRET}"), "room, permissions"),
        (MemoryError(), "room, permissions and memory"),
        (ValueError(SECRET), "Look at the log"),
    ],
)
def test_a_failure_is_told_by_its_kind_alone(error: BaseException, to_do: str) -> None:
    notice = failed("firm", "flow-1", error).as_dict()
    assert to_do in notice["to_do"] and notice["to_do"] in notice["text"]
    assert SECRET not in str(notice) and "/data" not in str(notice)


def test_a_crash_is_told_with_what_follows() -> None:
    assert "Nothing" in crashed("firm", "flow-1", resumed=True).to_do
    assert "memory and disk" in crashed("firm", "flow-1", resumed=False).to_do


def test_a_notice_reaches_the_webhook_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as heard:
        monkeypatch.setenv(VARIABLE, heard.url)
        assert send(crashed("firm", "flow-1", resumed=True), LOG)
    (notice,) = heard.notices
    assert notice["text"].startswith("mentorlift firm: Crashed (flow run flow-1).")
    assert set(notice) == {
        "text", "project", "state", "run", "flow_run", "deliveries", "to_do",
    }  # fmt: skip


def test_a_webhook_that_is_away_or_refuses_is_said_without_its_address(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(VARIABLE, "http://127.0.0.1:9/token")
    assert not send(crashed("firm", "flow-1", resumed=True), LOG)
    with listening(answer=500) as heard:
        monkeypatch.setenv(VARIABLE, heard.url)
        assert not send(crashed("firm", "flow-1", resumed=True), LOG)
    said = [record.getMessage() for record in caplog.records if record.name == LOG.name]
    assert len(said) == 2 and "HTTP 500" in said[1]
    assert not any("token" in line or "127.0.0.1" in line for line in said)


def test_what_the_scheduler_keeps_of_an_unforeseen_error_is_its_kind(tmp_path: Path) -> None:
    import traceback

    from pipelines.flows import _plain

    def fails() -> None:
        try:
            int(SECRET + "x")
        except ValueError:
            raise KeyError(SECRET)  # noqa: B904

    with pytest.raises(UserError, match=r"a defect of mentorlift \(KeyError\)") as caught, _plain():
        fails()
    assert SECRET not in "".join(traceback.format_exception(caught.value))
