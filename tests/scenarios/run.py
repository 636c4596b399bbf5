"""Draws companies and answers their studies: a JSON line a draw, appended and flushed.

    python -m tests.scenarios.run --scenario default --draws 500 --size 20000 --into FOLDER

Goes on where it stopped: seeds that a study's file holds are not drawn again. All studies of a
scenario share each company.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from tests.scenarios.draw import code_hash, lines
from tests.scenarios.questions import asked_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.scenarios.draw import Line

FIRST_SEED = 20_000


def file_of(folder: Path, scenario: str, study: str) -> Path:
    """Where the lines of a study of a scenario lie."""
    return folder / f"{scenario}.{study}.jsonl"


def read_lines(path: Path) -> list[Line]:
    """The whole lines of a file; one cut off by a kill is drawn again."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    whole = [line for line in text.splitlines(keepends=True) if line.endswith("\n")]
    return [json.loads(line) for line in whole]


def run(
    folder: Path, scenario: str, studies: Sequence[str], *, draws: int, size: int
) -> None:
    """Adds the draws that are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    done: dict[str, set[int]] = {}
    for study in studies:
        path = file_of(folder, scenario, study)
        known = read_lines(path)
        path.write_text("".join(json.dumps(k) + "\n" for k in known), encoding="utf-8")
        done[study] = {line["seed"] for line in known}
    code = code_hash()
    for seed in range(FIRST_SEED, FIRST_SEED + draws):
        missing = [study for study in studies if seed not in done[study]]
        if not missing:
            continue
        with threadpool_limits(1):
            for line in lines(scenario, missing, size=size, seed=seed):
                path = file_of(folder, scenario, line["study"])
                with path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({**line, "code": code}) + "\n")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenario", required=True)
    parser.add_argument("--study", action="append", help="all of the scenario where not given")
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--into", type=Path, required=True)
    given = parser.parse_args()
    studies = given.study or [q.study for q in asked_of(given.scenario)]
    run(given.into, given.scenario, studies, draws=given.draws, size=given.size)


if __name__ == "__main__":
    main()
