"""How long it takes to erase one person of many, from the command to the certificate.

`python tests/benchmarks/erase.py --people 100000 --folder DIR` makes the demo company into DIR,
unless it is there, runs it once, and erases somebody from the middle of its personnel file: the
rebuild of everything, the expiry of the version before, and the search through every byte. Each is
a process of its own; seconds of the processor tell more than those of the clock on a busy machine.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from end_to_end import benchmark, mentorlift

if TYPE_CHECKING:
    from pathlib import Path

    from ingest import Measured


def measure(company: Path, work: Path) -> list[Measured]:
    """The run, then the erasure."""
    with (company / "exports" / "workers.csv").open(newline="") as stream:
        named = [row["employee_id"] for row in csv.DictReader(stream)]
    project = str(company / "project")
    places = ["--data", str(company / "exports"), "--out", str(work / "out")]
    return [
        mentorlift(work, "run", project, *places),
        mentorlift(work, "erase", named[len(named) // 2], "--project", project, *places),
    ]


if __name__ == "__main__":
    benchmark(__doc__, "what", measure)
