"""`python -m tests.faults`: runs that are killed and refused, and what they end with."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.setting import Result

os.environ["OMP_NUM_THREADS"] = "1"  # the processes are many and small
# Of all kills: the publish protocol alone, an erasure; the rest meets a whole run.
PUBLISHING, ERASING = 0.3, 0.1
SOME = 100  # kills up to which erasures, and refusals of the disk and of memory, are left out
HEADER = """| what | rounds | faults | reads | torn | rows lost or doubled | unequal | not plain |
|---|---|---|---|---|---|---|---|"""


def main() -> int:
    """The table on standard output; 1 where anything was torn, lost, unequal or not plain."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="kills in all [1000]")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--into", type=Path, help="where the companies lie [a temporary folder]")
    parser.add_argument("--only", default="", help="begins the name of what is done")
    asked = parser.parse_args()
    print(HEADER, flush=True)
    wrong = []
    with tempfile.TemporaryDirectory(dir=asked.into, ignore_cleanup_errors=True) as name:
        for what, result in _all(asked.kills, random.Random(asked.seed), Path(name), asked.only):
            print(_row(what, result), flush=True)
            wrong += result.wrong
    print(*wrong, sep="\n", file=sys.stderr)
    return 1 if wrong else 0


def _all(kills: int, draws: random.Random, folder: Path, only: str) -> Iterator[tuple[str, Result]]:
    from tests.faults import process, refusals, setting
    from tests.faults.kills import kill

    process.warm()
    few = kills <= SOME
    share = 0.8 if few else PUBLISHING
    if "kills: publishing".startswith(only):
        told = setting.publishing(folder)
        yield "kills: publishing", kill(told, round(share * kills), folder, draws)
    if only == "kills: publishing":
        return
    run = setting.running(folder, small=few)
    rest = kills - round(share * kills) - (0 if few else round(ERASING * kills))
    if "kills: runs".startswith(only):
        yield "kills: runs", kill(run, rest, folder, draws)
    if few:
        return
    if "kills: erasures".startswith(only):
        told = setting.erasing(folder)
        yield "kills: erasures", kill(told, round(ERASING * kills), folder, draws)
    for error in refusals.ERRORS:
        if f"refused: {error}".startswith(only):
            yield f"refused: {error}", refusals.refuse(run, error, folder)
    if "memory".startswith(only):
        yield "memory", refusals.starve(run, folder)
    if "full disk".startswith(only) and refusals.can_mount():
        yield "full disk", refusals.fill(run, folder)


def _row(what: str, result: Result) -> str:
    died = f" (and {result.died} ended by a library)" if result.died else ""
    kinds = (result.torn, result.lost, result.unequal, result.unplain)
    cells = (what, result.rounds, f"{result.faults}{died}", f"{sum(result.reads.values()):,}")
    return "| " + " | ".join(map(str, [*cells, *map(len, kinds)])) + " |"


if __name__ == "__main__":
    sys.exit(main())
