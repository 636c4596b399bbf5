"""Kills: kill -9 at named points and at any moment, several in a row before a run may end."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from tests.faults.process import KILLED
from tests.faults.setting import Result, round_of

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.faults.setting import Setting

IN_A_ROW = 12
MOMENT = 0.3  # share of a whole run's time within which a kill at random comes


def kill(
    setting: Setting, kills: int, folder: Path, random: random.Random, *, named: float = 0.5
) -> Result:
    """So many kills, that share of them at named points, each point in its turn."""
    result, turns = Result(), _turns(setting.points)
    while result.faults < kills:
        place = folder / f"{setting.name}-kill-{result.rounds}"
        at = sorted(next(turns) for _ in range(IN_A_ROW))
        with round_of(setting, place, result) as firm:
            for number in at:
                if result.faults == kills:
                    break
                if random.random() < named:
                    ended = setting.act(firm, fault=setting.points[number])
                else:
                    ended = setting.act(
                        firm, kill_after=random.uniform(0, MOMENT * setting.seconds)
                    )
                if ended.code != KILLED:
                    if ended.code != setting.code:
                        result.unequal.append(f"{place.name}: {ended.code}: {ended.said}")
                    break  # it was through before
                result.faults += 1
        if not result.wrong:
            shutil.rmtree(place)
        print(f"{place.name}: {result.faults} kills, {len(result.wrong)} wrong", file=sys.stderr)
    return result


def _turns(points: Sequence[str]) -> Iterator[int]:
    """Numbers of points, each once in every turn, so spread that those of a row lie far apart."""
    step = max(1, len(points) // IN_A_ROW)
    while True:
        for begin in range(step):
            yield from range(begin, len(points), step)
