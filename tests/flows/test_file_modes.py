"""Files with rows are for their owner alone, whatever the umask; what is for readers is listed."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from pipelines.publish import FOR_READERS, LOCK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.flows.conftest import Firm


@pytest.fixture(params=[0o000, 0o077], ids=["open", "closed"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """The umask of whoever runs the command."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    """The permissions of a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("several")
def test_a_whole_output_folder(firm: Firm, umask: int) -> None:
    firm.edit("sales.csv", "E0042,2025-03,", "E0042,the third,")  # a row for the quarantine
    if not umask:
        assert firm.run_apart(MENTORLIFT_FAULT="publish-settled")[0] == -9
        files = [p for p in sorted(firm.out.rglob("*")) if p.is_file() and p.name != LOCK]
        assert files and {mode(path) for path in files} == {0o600}
    assert firm.run()[0] == 0
    assert os.umask(umask) == umask  # the command leaves it as it was
    seen = {path.name for path in firm.out.iterdir()}
    assert {*FOR_READERS, "analyst.duckdb", "private", "quarantine", "runs", "warehouse"} <= seen
    for path in sorted(firm.out.rglob("*")):
        if path.name == LOCK:  # holds the number of a process; whoever waits opens it
            continue
        below = path.relative_to(firm.out).parts[0]
        expected = 0o700 if path.is_dir() else 0o600
        if below in FOR_READERS:
            expected = (0o755 if path.is_dir() else 0o644) & ~umask
        assert mode(path) == expected, path
    assert mode(firm.out) == 0o755 & ~umask
    page = next((firm.out / "site").glob("*/report.html"))
    page.chmod(0o640)
    assert firm.run()[0] == 0
    assert mode(page) == 0o640  # set by hand
