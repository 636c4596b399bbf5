"""What is kept of the draws: a small CSV for each scenario and study, one row a draw."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tests.scenarios.questions import QUESTIONS
from tests.scenarios.run import drawn

if TYPE_CHECKING:
    from tests.scenarios.draw import Line
    from tests.scenarios.questions import Question

RAW = Path(__file__).with_name("raw")
FIELDS = ("estimate", "std_error", "low", "high", "p", "truth")
_DIGITS = ".5g"


def refresh(folder: Path) -> None:
    """Writes the kept rows of every question that the folder has draws of."""
    RAW.mkdir(exist_ok=True)
    for asked in QUESTIONS:
        found = drawn(folder, asked.scenario, asked.study)
        if found:
            frame = pd.DataFrame([_row(line) for line in found]).sort_values("seed")
            frame.to_csv(path_of(asked), index=False, lineterminator="\n")


def path_of(asked: Question) -> Path:
    """Where the rows of a question lie."""
    return RAW / f"{asked.scenario}.{asked.study}.csv"


def kept(asked: Question) -> pd.DataFrame | None:
    """The rows of a question: seed, code, size, grade, figures and status of gates by name."""
    path = path_of(asked)
    return pd.read_csv(path, dtype={"code": str}) if path.exists() else None


def _row(line: Line) -> dict[str, Any]:
    row = {name: line[name] for name in ("seed", "size", "code", "grade")}
    for name, figure in line.get("figures", {}).items():
        fields = ("estimate",) if name == "naive" else FIELDS
        for field in fields:
            value = figure.get(field)
            row[f"{name}.{field}"] = "" if value is None else format(value, _DIGITS)
    for name, status in line.get("checks", {}).items():
        row[f"check.{name}"] = status[0]
    return row
