"""`python -m tests.faults`: kills and refusals of the disk, counted."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # the processes are many and small


def main() -> int:
    """The table on standard output; 1 where anything was torn, lost, unequal or not plain."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--into", type=Path, help="where the companies lie [a temporary folder]")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.into, ignore_cleanup_errors=True) as name:
        return _all(asked.kills, random.Random(asked.seed), Path(name))


def _all(kills: int, seed: random.Random, folder: Path) -> int:
    from tests.faults import process, setting
    from tests.faults.kills import kill
    from tests.faults.refusals import refuse, fill, starve

    process.warm()
    run, erase = setting.make(folder)
    print(f"run: {len(run.points)} fault points, {run.seconds:.1f} s; "
          f"erase: {len(erase.points)} fault points, {erase.seconds:.1f} s")
    if only := os.environ.get("ONLY"):
        for k in only.split(","):
            r = (fill if k == "full" else starve)(run, folder) if k in ("full","mem") else refuse(run, k, folder)
            print(k, r.rounds, r.faults, r.reads, *r.wrong, sep="\n", flush=True)
        return 0
    wrong = 0
    for one, number in ((run, kills * 9 // 10), (erase, kills // 10)):
        r = kill(one, number, folder, seed)
        print(one.name, r.rounds, r.faults, r.reads, *r.wrong, sep="\n", flush=True)
        wrong += len(r.wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
