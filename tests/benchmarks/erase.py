"""How long it takes to erase one person of many, from the command to the certificate.

`python tests/benchmarks/erase.py --people 100000 --folder DIR` makes the demo company into DIR,
unless it is there, runs it once, and erases somebody from the middle of its personnel file: the
rebuild of everything, the expiry of the version before, and the search through every byte. Each is
a process of its own; seconds of the processor tell more than those of the clock on a busy machine.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
from pathlib import Path

from ingest import Measured, run


def measure(folder: Path, people: int) -> list[Measured]:
    """The run, then the erasure."""
    company, out = folder / f"company-{people}", folder / f"out-{people}"
    if not (company / "exports").is_dir():
        made = ["demo", "--people", str(people), "--out", str(company)]
        run("demo", sys.executable, "-m", "pipelines.cli", *made)
    key = folder / "bench.key"
    key.write_text("0123456789abcdef" * 4)
    with (company / "exports" / "workers.csv").open(newline="") as stream:
        named = [row["employee_id"] for row in csv.DictReader(stream)]
    data, out_option = ["--data", str(company / "exports")], ["--out", str(out)]
    commands = {
        "`mentorlift run`": ["run", str(company / "project"), *data, *out_option],
        "`mentorlift erase`": [
            "erase", named[len(named) // 2], "--project", str(company / "project"),
            *data, *out_option,
        ],
    }  # fmt: skip
    return [
        run(name, sys.executable, "-m", "pipelines.cli", *command, MENTORLIFT_KEY_FILE=str(key))
        for name, command in commands.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where the company is kept, to be used again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        before = os.getloadavg()[0]
        found = measure(folder, given.people)
        after = os.getloadavg()[0]
    print(f"{given.people:,} people at the start; load {before:.1f} before, {after:.1f} after\n")
    print("| what | seconds | of processor | peak memory, GB |")
    print("|---|--:|--:|--:|")
    for one in found:
        print(f"| {one.name} | {one.seconds:.0f} | {one.cpu:.0f} | {one.peak_gb:.2f} |")


if __name__ == "__main__":
    main()
