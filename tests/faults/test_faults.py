"""Sixty kills, of the publish protocol alone and of whole runs, in every run of the tests."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.flows.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 60


def test_whatever_is_killed_nothing_is_torn_or_lost_and_the_end_is_the_same(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-m", "tests.faults", "--kills", str(KILLS), "--into", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines()[2:]]
    assert sum(int(faults) for _, _, faults, *_ in rows) == KILLS
    assert all(int(reads.replace(",", "")) for _, _, _, reads, *_ in rows)
