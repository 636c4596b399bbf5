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

from ingest import Measured, run

STAGES = ("ingest", "build", "estimate", "report")


def measure(folder: Path, people: int) -> list[Measured]:
    """Each stage as a process, going on from the one before it."""
    company, out = folder / f"company-{people}", folder / "out"
    if not (company / "exports").is_dir():
        made = ["demo", "--people", str(people), "--out", str(company)]
        run("demo", sys.executable, "-m", "pipelines.cli", *made)
    key = folder / "bench.key"
    key.write_text("0123456789abcdef" * 4)
    places = [str(company / "project"), "--data", str(company / "exports"), "--out", str(out)]
    found = []
    for stage in STAGES:
        command = [sys.executable, "-m", "pipelines.cli", stage, *places]
        found.append(run(f"`mentorlift {stage}`", *command, MENTORLIFT_KEY_FILE=str(key)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where the company is kept, to be used again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        work = Path(temporary)
        if given.folder:
            given.folder.mkdir(parents=True, exist_ok=True)
            (work / f"company-{given.people}").symlink_to(
                given.folder.resolve() / f"company-{given.people}"
            )
        before = os.getloadavg()[0]
        found = measure(work, given.people)
        after = os.getloadavg()[0]
    later = found[1:]
    total = Measured(
        "**after the landing**",
        sum(one.seconds for one in later),
        sum(one.cpu for one in later),
        max(one.peak_gb for one in later),
    )
    print(f"{given.people:,} people at the start; load {before:.1f} before, {after:.1f} after\n")
    print("| stage | seconds | of processor | peak memory, GB |")
    print("|---|--:|--:|--:|")
    for one in (*found, total):
        print(f"| {one.name} | {one.seconds:.0f} | {one.cpu:.0f} | {one.peak_gb:.2f} |")


if __name__ == "__main__":
    main()
