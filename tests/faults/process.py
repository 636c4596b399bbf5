"""Commands as processes that can be killed: forked from this one, which has imported everything.

So a command starts in milliseconds. This process itself never opens a database: a fork would take
half of its threads along.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.flows.conftest import Firm

PATIENCE = 300  # seconds for one command; more is a hang
KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Ended:
    """How a process ended; what it said on both streams."""

    code: int
    said: str


def warm() -> None:
    """Import what a run needs and read what it reads of the code, once for all forks."""
    import yaml

    import reports.build  # noqa: F401
    from pipelines import cli, models, workspace  # noqa: F401
    from pipelines.erasure import erase  # noqa: F401
    from pipelines.run import run  # noqa: F401
    from reports.page import environment

    yaml.SafeLoader = yaml.CSafeLoader  # the same, ten times as fast
    workspace.code_hash()
    models.ordered(models.FOLDER)
    for schema in ("landed", "results"):
        models.contracts(schema)
    for name in environment().list_templates(extensions=["j2"]):
        environment().get_template(name)


def command(
    firm: Firm,
    *arguments: str,
    fault: str = "",
    kill_after: float | None = None,
    before: Callable[[], None] | None = None,
) -> Ended:
    """`mentorlift ARGUMENTS` in a process that dies at a fault point, or after so many seconds.

    ``before`` is called in that process first: limits are set there.
    """

    def act() -> None:
        from pipelines.cli import main

        if before:
            before()
        sys.argv = ["mentorlift", *arguments]
        main()

    return forked(act, environment(firm, fault), kill_after)


def run(firm: Firm, **how: object) -> Ended:
    """The whole path."""
    return command(firm, *firm.arguments, **how)


def erase(firm: Firm, *persons: str, **how: object) -> Ended:
    """An erasure; without persons, one that was begun goes on."""
    return command(firm, *firm.erasing(*persons), **how)


def environment(firm: Firm, fault: str = "") -> dict[str, str]:
    """What a command is told: its key, a spill folder of its own, and where to fail."""
    from pipelines.durable import FAULT_VARIABLE

    folder = firm.project.parent
    spilled = folder / "tmp"
    spilled.mkdir(exist_ok=True)
    named = {"MENTORLIFT_KEY_FILE": str(folder / "key"), "TMPDIR": str(spilled)}
    return {**named, FAULT_VARIABLE: fault}


def forked(
    act: Callable[[], None],
    told: Mapping[str, str],
    kill_after: float | None = None,
) -> Ended:
    """Call a function in a process of its own; its exit code and what it said."""
    said = os.memfd_create("said")  # no file: the disk may be full
    child = os.fork()
    if child == 0:
        _be(act, said, told)
    until = time.monotonic() + (PATIENCE if kill_after is None else kill_after)
    status = _waited(child, until)
    if status is None:
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    with os.fdopen(said, "rb") as stream:
        stream.seek(0)
        text = stream.read().decode(errors="replace")
    if status == signal.SIGKILL and kill_after is None and time.monotonic() > until:
        raise TimeoutError(text)
    return Ended(os.waitstatus_to_exitcode(status), text)


def _waited(child: int, until: float) -> int | None:
    while time.monotonic() < until:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        time.sleep(0.002)
    return None


def _be(act: Callable[[], None], said: int, told: Mapping[str, str]) -> None:
    code = 1
    try:
        import tempfile

        os.environ.update(told)
        tempfile.tempdir = None
        os.dup2(said, 1)
        os.dup2(said, 2)
        act()
        code = 0
    except SystemExit as left:
        code = int(left.code or 0)
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
