"""Files that arrive are seen once they are whole, once, and not before their day."""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from pipelines import cli_schedule, publish
from pipelines.config import load_project
from pipelines.schedule.serving import Folders, _beat
from pipelines.schedule.watch import Watch, read_by
from pipelines.timetable import Schedule
from tests.flows.conftest import command

if TYPE_CHECKING:
    from tests.flows.conftest import Firm

DAY = dt.date(2026, 1, 2)


@pytest.fixture
def watch(firm: Firm) -> Watch:
    return Watch.of(firm.project, firm.data, firm.out)


def looks(watch: Watch, times: int = 3, day: dt.date = DAY) -> list[bool]:
    return [watch.look(day) for _ in range(times)]


def test_a_file_is_seen_at_the_second_look_that_finds_it_the_same(watch: Watch) -> None:
    assert looks(watch) == [False, True, False]


def test_a_file_that_grows_is_waited_for(watch: Watch, firm: Firm) -> None:
    assert looks(watch, 2) == [False, True]
    seen = []
    for _ in range(2):
        with (firm.data / "sales.csv").open("a") as growing:
            growing.write("E0001,2025-07,100\n")
        seen.append(watch.look(DAY))
    assert seen == [False, False] and looks(watch) == [True, False, False]


def test_a_file_written_under_a_name_of_its_own_first_is_waited_for(
    watch: Watch, firm: Firm
) -> None:
    firm.edit("mentorlift.yml", "file: sales.csv", "file: sales*")
    part = firm.data / "sales-new.csv.part"
    part.write_text("employee,month,rev")
    assert looks(watch) == [False] * 3
    part.rename(firm.data / "sales-new.csv")
    assert looks(watch) == [False, True, False]


def test_a_source_without_any_file_is_waited_for(watch: Watch, firm: Firm) -> None:
    meetings = firm.data / "meetings.csv"
    meetings.rename(firm.data / "elsewhere")
    assert looks(watch) == [False] * 3
    (firm.data / "elsewhere").rename(meetings)
    assert looks(watch) == [False, True, False]


def test_the_same_content_written_again_is_nothing_new(watch: Watch, firm: Firm) -> None:
    looks(watch)
    sales = firm.data / "sales.csv"
    sales.write_bytes(sales.read_bytes())
    assert looks(watch) == [False] * 3


def test_a_file_counts_from_the_day_it_is_dated(watch: Watch, firm: Firm) -> None:
    firm.edit(
        "mentorlift.yml",
        "file: sales.csv\n    delivered_on: 2025-12-31",
        "file: sales*.csv\n    delivered_on: {from_name: '(\\d{4}-\\d{2}-\\d{2})'}",
    )
    (firm.data / "sales.csv").rename(firm.data / "sales-2025-12-31.csv")
    looks(watch)
    (firm.data / "sales-2026-01-03.csv").write_text("employee,month,revenue\nE0001,2025-07,1\n")
    assert looks(watch) == [False] * 3
    assert looks(watch, day=dt.date(2026, 1, 3)) == [True, False, False]


def test_the_command_runs_on_what_arrived_and_knows_it_when_started_again(firm: Firm) -> None:
    arguments = ["watch", str(firm.project), *firm.where]
    code, out, _ = command(*arguments, "--every", "0.1", "--looks", "3")
    assert code == 0 and "Randomised" in out
    assert set(read_by(firm.out)) == {"funnel.csv", "sales.csv", "meetings.csv"}
    code, out, said = command(*arguments, "--every", "0.1", "--looks", "3")
    assert code == 0 and out == "" and said == ""


def test_what_another_run_kept_from_being_read_is_read_when_that_has_ended(firm: Firm) -> None:
    """No file arrives meanwhile: the ones that are there were not read."""
    arguments = ["watch", str(firm.project), *firm.where, "--every", "0.1"]
    held = ExitStack()
    held.enter_context(publish.run_lock(firm.out))
    lines: list[str] = []

    def note(line: str) -> None:
        lines.append(line)
        held.close()  # as soon as the command has said that it cannot

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli_schedule, "note", note)
        code, out, _ = command(*arguments, "--looks", "3")
    assert "Another run is writing" in lines[0]
    assert code == 0 and "Randomised" in out


def test_a_run_that_the_server_did_not_take_is_asked_for_again(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    class Server:
        def __enter__(self) -> Server:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def read_flow_runs(self, **_: object) -> list[object]:
            return []

        def create_flow_run_from_deployment(self, deployment: object) -> None:
            asked.append(deployment)
            if len(asked) == 1:
                raise ConnectionError("away")

    monkeypatch.setattr("prefect.client.orchestration.get_client", lambda **_: Server())
    folders = Folders(firm.project, firm.data, firm.out)
    one = uuid4()
    beat = _beat(folders, Schedule(on_delivery=True), load_project(firm.project), (one,))
    beat()
    with pytest.raises(ConnectionError):
        beat()
    beat()
    beat()
    assert asked == [one, one]
