"""What the machine refuses: writes, flushes and renames; room on the disk; memory."""

from __future__ import annotations

import errno
import itertools
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import Exit
from tests.faults.kills import IN_A_ROW
from tests.faults.setting import Result, round_of

if TYPE_CHECKING:
    from tests.faults.process import Ended
    from tests.faults.setting import Setting

ERRORS = ("ENOSPC", "EIO", "EACCES")
STEP = 2**21  # bytes of room by which a full disk grows from round to round
MEMORY = [n * 2**20 for n in (8, 16, 32, 48, 64, 96, 128, 192, 256)]  # beyond what is mapped


def refuse(setting: Setting, error: str, folder: Path, points: list[str] | None = None) -> Result:
    """An error at each point where a file is written, flushed or named."""
    result = Result()
    chosen = points or [p for p in setting.points if ":" in p or p.startswith("registry-")]
    for at in (chosen[i : i + IN_A_ROW] for i in range(0, len(chosen), IN_A_ROW)):
        place = folder / f"{setting.name}-{error}-{result.rounds}"
        with round_of(setting, place, result) as firm:
            for point in at:
                ended = setting.act(firm, fault=f"{point}={error}")
                if ended.code == setting.code:
                    break  # it was through before
                file = point.partition(":")[2] or "registered_studies.jsonl"
                why = os.strerror(getattr(errno, error))
                _note(result, f"{place.name}: {point}", ended, file, why)
        _done(place, result)
    return result


def fill(setting: Setting, folder: Path) -> Result:
    """A disk that is full a little later in every round, until it suffices."""
    result = Result()
    used = sum(p.stat().st_blocks * 512 for p in setting.base.project.parent.rglob("*"))
    for room in itertools.count(used + STEP, STEP):
        place = folder / f"{setting.name}-full-{result.rounds}"
        place.mkdir()
        _mount("-t", "tmpfs", "-o", f"size={room}", "tmpfs", str(place))
        before = result.faults
        with round_of(setting, place / "disk", result) as firm:
            ended = setting.act(firm)
            if ended.code != setting.code:
                _note(result, place.name, ended, "disk", "")
            _mount("-o", "remount,size=90%", str(place))
        subprocess.run(["umount", str(place)], check=True)
        print(f"{place.name}: {result.faults} refusals, {len(result.wrong)} wrong", file=sys.stderr)
        if result.faults == before:
            return result
    raise AssertionError("unreachable")


def starve(setting: Setting, folder: Path) -> Result:
    """Too little memory: of addresses for the process, and of what DuckDB may hold.

    Short of addresses, a library may end the process before anybody can say so: that is a kill.
    """
    result = Result()
    hooks = [*(lambda n=n: _addresses(n) for n in MEMORY), _little_for_duckdb]
    for at in (hooks[i : i + IN_A_ROW] for i in range(0, len(hooks), IN_A_ROW)):
        place = folder / f"{setting.name}-memory-{result.rounds}"
        with round_of(setting, place, result) as firm:
            for hook in at:
                ended = setting.act(firm, before=hook)
                if ended.code < 0 or "ABORT" in ended.said:
                    result.died += 1
                elif ended.code != setting.code:
                    _note(result, place.name, ended, "", "memory")
        _done(place, result)
    return result


def can_mount() -> bool:
    """Whether a small disk can be made here."""
    return (
        shutil.which("unshare") is not None
        and not subprocess.run(
            ["unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True
        ).returncode
    )


def _note(result: Result, where: str, ended: Ended, file: str, why: str) -> None:
    """Count a refusal; two plain lines must have named the file, the reason and the fix."""
    result.faults += 1
    told = [line for line in ended.said.splitlines() if line.startswith("error: ")]
    plain = (
        ended.code == Exit.SYSTEM
        and "Traceback" not in ended.said
        and len(told) == 1
        and file in told[0]
        and why in told[0]
        and "\n  fix: " in ended.said
    )
    if not plain:
        result.unplain.append(f"{where}: {ended.code}: {ended.said[-600:]}")


def _done(place: Path, result: Result) -> None:
    if not result.wrong:
        shutil.rmtree(place)
    print(f"{place.name}: {result.faults} refusals, {len(result.wrong)} wrong", file=sys.stderr)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _addresses(beyond: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + beyond
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _little_for_duckdb() -> None:
    from pipelines import run, stage_ingest, stage_report

    run.MEMORY = stage_report.MEMORY = stage_ingest.INGEST_MEMORY = "4MB"
