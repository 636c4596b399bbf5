"""Draws companies and answers their studies: a JSON line a draw, appended and flushed.

    python -m tests.scenarios.run --draws 500 --size 20000 --into FOLDER
    python -m tests.scenarios.run --scenario null --study care-mentoring --into FOLDER
    python -m tests.scenarios.run --part 1/2 --into FOLDER    # and 2/2 at the same time

Goes on where it stopped: seeds that a study's files hold are not drawn again. Parts take turns with
the seeds and write to files of their own, so that they may run at once into one folder.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from tests.scenarios.draw import code_hash, lines
from tests.scenarios.questions import SCENARIOS, asked_of
from tests.scenarios.quick import headline_only, shared_noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.scenarios.draw import Line
    from tests.scenarios.questions import Question

FIRST_SEED = 20_000
WHOLE = (1, 1)


def file_of(folder: Path, scenario: str, study: str, part: tuple[int, int] = WHOLE) -> Path:
    """Where the lines of a study of a scenario go, those of a part of the seeds."""
    suffix = "" if part == WHOLE else f"{part[0]}of{part[1]}."
    return folder / f"{scenario}.{study}.{suffix}jsonl"


def drawn(folder: Path, scenario: str, study: str) -> list[Line]:
    """The lines of a study of a scenario, of all parts."""
    paths = sorted(folder.glob(f"{scenario}.{study}.*jsonl"))
    return [line for path in paths for line in read_lines(path)]


def read_lines(path: Path) -> list[Line]:
    """The whole lines of a file; one cut off by a kill is drawn again."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    whole = [line for line in text.splitlines(keepends=True) if line.endswith("\n")]
    return [json.loads(line) for line in whole]


def run(
    folder: Path, questions: Sequence[Question], *, draws: int, size: int,
    part: tuple[int, int] = WHOLE,
) -> None:  # fmt: skip
    """Adds the draws that are missing, seed by seed: the scenarios of a seed share its noise.

    Part (k, n) draws every n-th seed, from the k-th on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done = {}
    for asked in questions:
        _mend(file_of(folder, asked.scenario, asked.study, part))
        done[asked] = {line["seed"] for line in drawn(folder, asked.scenario, asked.study)}
    code = code_hash()
    for seed in range(FIRST_SEED, FIRST_SEED + draws)[part[0] - 1 :: part[1]]:
        missing = [asked for asked in questions if seed not in done[asked]]
        with threadpool_limits(1), shared_noise(seed), headline_only():
            for scenario in dict.fromkeys(asked.scenario for asked in missing):
                studies = [asked.study for asked in missing if asked.scenario == scenario]
                for line in lines(scenario, studies, size=size, seed=seed):
                    path = file_of(folder, scenario, line["study"], part)
                    with path.open("a", encoding="utf-8") as file:
                        file.write(json.dumps({**line, "code": code}) + "\n")


def _mend(path: Path) -> None:
    """Removes a line cut off by a kill; of its own part's file alone, which nobody else writes."""
    if path.exists():
        known = read_lines(path)
        path.write_text("".join(json.dumps(k) + "\n" for k in known), encoding="utf-8")


def _part(text: str) -> tuple[int, int]:
    place, parts = (int(number) for number in text.split("/"))
    if not 1 <= place <= parts:
        raise ValueError(text)
    return place, parts


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenario", action="append", help="all where not given")
    parser.add_argument("--study", action="append", help="all of the scenarios where not given")
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--part", type=_part, default=WHOLE, help="1/2: every other seed")
    parser.add_argument("--into", type=Path, required=True)
    given = parser.parse_args()
    asked = [q for scenario in given.scenario or SCENARIOS for q in asked_of(scenario)]
    chosen = [q for q in asked if q.study in (given.study or [q.study])]
    run(given.into, chosen, draws=given.draws, size=given.size, part=given.part)


if __name__ == "__main__":
    main()
