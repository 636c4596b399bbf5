"""Plant every failure and write the curves: `python -m tests.detection [PART OF A NAME ...]`.

`MENTORLIFT_DRAWS` data sets a size (500). What is named is measured again and takes the place of
its rows in the tables; without names everything is.
"""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

from tests.detection import exits, family, opt_in_gates, randomised, roll_out
from tests.detection.curve import Gate, Point, contradictions, measured, sizes

DRAWS = int(os.environ.get("MENTORLIFT_DRAWS", "500"))
FOLDER = Path(__file__).parent
GATES = (*randomised.GATES, *opt_in_gates.GATES, *roll_out.GATES, *exits.GATES)
HEAD = ("gate", "planted", "size", "theory", "caught", "warned or failed", "failed", "draws")

Rows = list[list[str]]


def curve_of(gate: Gate, draws: int) -> list[Point]:
    """Every size of a gate."""
    return [measured(gate, size, draws, number) for number, size in enumerate(sizes(gate))]


def row_of(point: Point) -> list[str]:
    """The figures of one size, as written."""
    shares = [f"{n / point.draws:.4f}" for n in (point.caught, point.warned, point.failed)]
    return [
        point.gate, point.planted, f"{point.size:.3g}", f"{point.theory:.4f}", *shares,
        str(point.draws),
    ]  # fmt: skip


def table(head: tuple[str, ...], rows: Rows) -> str:
    """The rows as Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _kept(path: Path, head: tuple[str, ...], rows: Rows, order: list[str]) -> Rows:
    """The table of a file with these rows in the place of their own, written back in order."""
    old: Rows = []
    if path.exists():
        with path.open(newline="") as file:
            old = list(csv.reader(file))[1:]
    new = {row[0] for row in rows}
    found = [*(row for row in old if row[0] not in new and row[0] in order), *rows]
    found.sort(key=lambda row: order.index(row[0]))
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *found])
    return found


def _write(curves: Rows, good: Rows) -> None:
    """Both tables as CSV and on one page, with what has been measured before."""
    curves = _kept(FOLDER / "curves.csv", HEAD, curves, [g.name for g in GATES])
    good = _kept(FOLDER / "good_data.csv", family.HEAD, good, list(family.DESIGNS))
    theories = table(("gate", "theory"), [[g.name, g.how] for g in GATES])
    (FOLDER / "curves.md").write_text(
        "# Detection curves\n\nMade by `python -m tests.detection`; read with [README](README.md)."
        f"\n\n{table(HEAD, curves)}\n## Theory\n\n{theories}\n## Good data\n\n"
        f"{table(family.HEAD, good)}"
    )


def _named(name: str, names: list[str]) -> bool:
    """Whether this is asked for: by its whole name, or by a part that is no other's whole name."""
    whole = {*(g.name for g in GATES), *(f"good data: {d}" for d in family.DESIGNS)}
    return not names or name in names or any(n in name and n not in whole for n in names)


def main(names: list[str]) -> int:
    """Print and write the curves and the familywise table; 1 where theory is contradicted."""
    wrong: list[str] = []
    for gate in GATES:
        if not _named(gate.name, names):
            continue
        points = curve_of(gate, DRAWS)
        wrong += contradictions(gate, points)
        print(table(HEAD, [row_of(p) for p in points]), flush=True)
        _write([row_of(p) for p in points], [])
    for design in family.DESIGNS:
        if not _named(f"good data: {design}", names):
            continue
        row, withheld = family.row_of(design, DRAWS)
        print(table(family.HEAD, [row]), flush=True)
        if withheld > family.most(DRAWS):
            wrong.append(f"good data, {design}: {withheld} of {DRAWS} withheld")
        _write([], [row])
    print("\n".join(wrong) or "nothing contradicts theory")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
