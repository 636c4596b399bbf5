"""From landed files to the report: seconds and peak memory of every stage.

`python tests/benchmarks/end_to_end.py --people 100000 --folder DIR` makes the demo company with
its three studies (opt-in, roll-out, lottery; 48 months) into DIR, unless it is there, and then runs
`mentorlift ingest`, `build`, `estimate` and `report`, each in a process of its own on two cores.
It prints a Markdown table with a sum over what follows the landing. Seconds of the processor tell
more than those of the clock on a busy machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ingest import Measured, run

if TYPE_CHECKING:
    from collections.abc import Callable

STAGES = ("ingest", "build", "estimate", "report")


def mentorlift(work: Path, *arguments: str) -> Measured:
    """One command as a process, with the key of the folder."""
    key = work / "bench.key"
    key.write_text("0123456789abcdef" * 4)
    command = (sys.executable, "-m", "pipelines.cli", *arguments)
    return run(f"`mentorlift {arguments[0]}`", *command, MENTORLIFT_KEY_FILE=str(key))


def measure(company: Path, work: Path) -> list[Measured]:
    """Each stage as a process, going on from the one before it; then what follows the landing."""
    data, out = ["--data", str(company / "exports")], ["--out", str(work / "out")]
    found = [mentorlift(work, stage, str(company / "project"), *data, *out) for stage in STAGES]
    later = found[1:]
    total = Measured(
        "**after the landing**",
        sum(one.seconds for one in later),
        sum(one.cpu for one in later),
        max(one.peak_gb for one in later),
    )
    return [*found, total]


def benchmark(about: str, what: str, measure: Callable[[Path, Path], list[Measured]]) -> None:
    """Measure with the demo company, made unless it is there, and a new folder; print a table."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where the company is kept, to be used again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        work = Path(temporary)
        company = (given.folder or work).resolve() / f"company-{given.people}"
        before = os.getloadavg()[0]
        if not (company / "exports").is_dir():
            mentorlift(work, "demo", "--people", str(given.people), "--out", str(company))
        found = measure(company, work)
        after = os.getloadavg()[0]
    print(f"{given.people:,} people at the start; load {before:.1f} before, {after:.1f} after\n")
    print(f"| {what} | seconds | of processor | peak memory, GB |")
    print("|---|--:|--:|--:|")
    for one in found:
        print(f"| {one.name} | {one.seconds:.0f} | {one.cpu:.0f} | {one.peak_gb:.2f} |")


if __name__ == "__main__":
    benchmark(__doc__, "stage", measure)
