"""A small company on disk: a lottery among sixty people, monthly results, a few meetings."""

from __future__ import annotations

import io
import multiprocessing
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

ROOT = Path(__file__).resolve().parents[2]
KEY = "0123456789abcdef" * 4

PROJECT = """
project: little-firm
title: Little Firm
purpose: Learn whether the sales mentoring programme works.
lawful_basis: Legitimate interest, agreed with the works council.
retention: {months: 24}
programmes: [{id: SALES, name: Sales mentoring}]
sources:
  - name: funnel
    file: funnel.csv
    delivered_on: 2025-12-31
    loads:
      - table: enrolments
        columns: {person_id: employee, arm: result, assigned_on: drawn}
        constants: {programme: SALES}
  - name: sales
    file: sales.csv
    delivered_on: 2025-12-31
    loads:
      - table: performance
        columns: {person_id: employee, period: month, value: revenue}
        constants: {metric: revenue}
        formats: {period: "%Y-%m"}
  - name: meetings
    file: meetings.csv
    delivered_on: 2025-12-31
    loads:
      - table: sessions
        columns: {person_id: employee, held_on: day}
        constants: {programme: SALES, status: confirmed}
"""

STUDY = """
study: sales
question: Does mentoring raise revenue?
as_of: 2025-12-31
programme: SALES
design: randomised
arms: {treated: mentee, comparison: lottery_lost}
allocation: {share: 0.5}
take_up: met_mentor_once
outcome: {metric: revenue, unit: EUR}
follow_up: {months: 3, primary: [1, 3]}
adjust_for: [pre_period_outcome]
"""


IDENTITY = """
systems:
  employee_no: {kind: text}
  mail: {kind: mail}
  name: {kind: name}
links:
  - {source: workers, ids: {employee_no: employee, mail: mail, name: [given, family]}}
master: [workers]
"""


def command(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `mentorlift ARGUMENTS`, in this process."""
    from pipelines import cli

    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["mentorlift", *arguments])
        patch.setattr(cli, "app", _commands())
        with pytest.raises(SystemExit) as left:
            cli.main()
    return int(left.value.code or 0), out.getvalue(), err.getvalue()


@cache
def _commands() -> Callable[[], None]:
    """The command line, which a process of its own puts together once, too."""
    from typer.main import get_command

    from pipelines import cli

    return get_command(cli.app)


# Processes are copies of one that has loaded the product, which takes longer than a small run.
_APART = multiprocessing.get_context("forkserver")
_APART.set_forkserver_preload(["pipelines.cli", "pipelines.run", "pipelines.erasure.erase"])


def command_apart(*arguments: str, **env: str) -> tuple[int, str, str]:
    """The same in a process of its own, which can be killed."""
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder) / name for name in ("out", "err")]
        given = (arguments, {**os.environ, **env}, streams)
        process = _APART.Process(target=_command_to, args=given)
        process.start()
        process.join(120)
        assert process.exitcode is not None, "no end after two minutes"
        out, err = (path.read_text() if path.exists() else "" for path in streams)
    return process.exitcode, out, err


def _command_to(arguments: tuple[str, ...], env: dict[str, str], streams: list[Path]) -> None:
    """What a process of its own does: the command, its streams to files, its exit code."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(ROOT)
    code, *told = command(*arguments)
    for path, text in zip(streams, told, strict=True):
        path.write_text(text)
    sys.exit(code)


@dataclass(frozen=True)
class Firm:
    """A project folder, its exports, and where results go."""

    project: Path
    data: Path
    out: Path

    @classmethod
    def below(cls, folder: Path) -> Self:
        """The folders of a company that lies in one folder."""
        return cls(folder / "project", folder / "exports", folder / "out")

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace text in a file of the project or the exports."""
        path = self.project / file if (self.project / file).exists() else self.data / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    @property
    def arguments(self) -> list[str]:
        """What follows `mentorlift` on the command line."""
        return ["run", str(self.project), *self.where]

    @property
    def where(self) -> list[str]:
        """The options that name the exports and the results."""
        return ["--data", str(self.data), "--out", str(self.out)]

    def erasing(self, *options: str) -> list[str]:
        """What follows `mentorlift` on the command line of an erasure."""
        return ["erase", *options, "--project", str(self.project), *self.where]

    def run(self, *options: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of the command, in this process."""
        return command(*self.arguments, *options)

    def run_apart(self, **env: str) -> tuple[int, str, str]:
        """The same as a process of its own."""
        return command_apart(*self.arguments, **env)


def write_exports(data: Path, people: int = 60) -> None:
    """Every second person wins; winners sell 10 more from the month after the draw."""
    data.mkdir(parents=True, exist_ok=True)
    months = ["2025-01", "2025-02", "2025-03", "2025-04", "2025-05", "2025-06"]
    funnel, sales, meetings = (
        ["employee,result,drawn"],
        ["employee,month,revenue"],
        ["employee,day"],
    )
    for number in range(people):
        name, won = f"E{number:04d}", number % 2 == 0
        funnel.append(f"{name},{'mentee' if won else 'lottery_lost'},2025-03-10")
        for index, month in enumerate(months):
            noise = (number * 7 + index * 13) % 11 - 5
            sales.append(f"{name},{month},{100 + number + noise + 10 * (won and index > 2)}")
        if won and number % 6:
            meetings.append(f"{name},2025-04-0{1 + number % 9}")
    for file, lines in (("funnel", funnel), ("sales", sales), ("meetings", meetings)):
        (data / f"{file}.csv").write_text("\n".join(lines) + "\n")


def write_project(folder: Path, project: str = PROJECT) -> Firm:
    """A project with the small company's study, and no exports yet."""
    firm = Firm.below(folder)
    (firm.project / "studies").mkdir(parents=True)
    (firm.project / "mentorlift.yml").write_text(project)
    (firm.project / "studies" / "sales.yml").write_text(STUDY)
    return firm


def write_firm(folder: Path) -> Firm:
    """The small company, freshly written."""
    firm = write_project(folder)
    write_exports(firm.data)
    return firm


def join_systems(firm: Firm) -> None:
    """Give the small company a personnel file; its meetings come by mail, from the platform."""
    path = firm.project / "mentorlift.yml"
    project = yaml.safe_load(path.read_text())
    project["identity"] = yaml.safe_load(IDENTITY)
    for source in project["sources"]:
        system = "mail" if source["name"] == "meetings" else "employee_no"
        source["loads"][0]["id_systems"] = {"person_id": system}
    project["sources"].append(
        {
            "name": "workers",
            "file": "workers.csv",
            "delivered_on": "2025-12-31",
            "loads": [
                {
                    "table": "people",
                    "columns": {"person_id": "employee"},
                    "id_systems": {"person_id": "employee_no"},
                }
            ],
        }
    )
    path.write_text(yaml.safe_dump(project))
    lines = ["employee,mail,given,family"]
    for number in range(60):
        lines.append(f"E{number:04d},quaxelrod{number:04d}@firm.example,Zbigniewa,Fam{number}")
    (firm.data / "workers.csv").write_text("\n".join(lines) + "\n")
    meetings = (firm.data / "meetings.csv").read_text().splitlines()
    moved = [meetings[0]] + [
        f"Quaxelrod{line[1:5]}@Firm.example{line[5:]}" for line in meetings[1:]
    ]
    (firm.data / "meetings.csv").write_text("\n".join([*moved, "coach@out.example,2025-04-01"]))


@contextmanager
def own_key(folder: Path) -> Iterator[Path]:
    """A key of the test's own, so that nothing is written to anybody's home."""
    path = folder / "test.key"
    path.write_text(KEY + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MENTORLIFT_KEY_FILE", str(path))
        yield path


@pytest.fixture
def key(tmp_path: Path) -> Iterator[Path]:
    """The same while a test runs."""
    with own_key(tmp_path) as path:
        yield path


@pytest.fixture
def firm(tmp_path: Path, key: Path) -> Firm:
    """The small company, freshly written."""
    return write_firm(tmp_path)


@pytest.fixture
def several(firm: Firm) -> Firm:
    """The small company of several systems."""
    join_systems(firm)
    return firm


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Firm:
    """The small company after its first run; to be copied, never changed."""
    return _after_a_run(write_firm(tmp_path_factory.mktemp("first-run")))


@pytest.fixture
def answered(tmp_path: Path, key: Path, first_run: Firm) -> Firm:
    """The small company after its first run, for a test of its own."""
    return copied(first_run, tmp_path)


@pytest.fixture(scope="session")
def first_run_of_several(tmp_path_factory: pytest.TempPathFactory) -> Firm:
    """The small company of several systems after its first run; to be copied, never changed."""
    made = write_firm(tmp_path_factory.mktemp("first-run-of-several"))
    join_systems(made)
    return _after_a_run(made)


def _after_a_run(made: Firm) -> Firm:
    with own_key(made.project.parent):
        assert made.run()[0] == 0
    return made


@pytest.fixture
def several_answered(tmp_path: Path, key: Path, first_run_of_several: Firm) -> Firm:
    """The same for a test of its own."""
    return copied(first_run_of_several, tmp_path)


def copied(firm: Firm, folder: Path) -> Firm:
    """The same company in another folder: project, exports and results."""
    copy = Firm.below(folder)
    for old, new in ((firm.project, copy.project), (firm.data, copy.data), (firm.out, copy.out)):
        shutil.copytree(old, new)
    return copy
