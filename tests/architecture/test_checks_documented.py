"""The table of doubts in analysis/README.md and the checks a finding cannot be without agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analysis.finding import REQUIRED, REQUIRED_BY_KIND, REQUIRED_OF_EXITS

README = (Path(__file__).resolve().parents[2] / "analysis" / "README.md").read_text()
NAME = re.compile(r"`([a-z_]+)`")
COLUMNS = {
    "randomised": REQUIRED["randomised"],
    "opt_in": REQUIRED["opt_in"],
    "rollout": REQUIRED["rollout"],
    "exits, drawn": REQUIRED_OF_EXITS["randomised"] | REQUIRED_BY_KIND["exit"],
    "exits, started": REQUIRED_OF_EXITS["opt_in"] | REQUIRED_BY_KIND["exit"],
}
DOUBTS = 10  # rows of the table


def table() -> list[dict[str, str]]:
    lines = README[README.index("| doubt |") :].split("\n\n")[0].splitlines()
    head, _, *rows = ([c.strip() for c in line.strip("|").split("|")] for line in lines)
    return [dict(zip([h.strip("`") for h in head], row, strict=True)) for row in rows]


@pytest.mark.parametrize("column", COLUMNS)
def test_every_doubt_is_answered_by_a_required_check_or_a_reason(column: str) -> None:
    rows = table()
    assert len(rows) == DOUBTS
    named = [name for row in rows for name in NAME.findall(row[column])]
    assert all(row[column] for row in rows)
    assert set(named) == COLUMNS[column]


def test_exits_of_people_and_of_sites_are_checked_alike() -> None:
    assert REQUIRED_OF_EXITS["opt_in"] == REQUIRED_OF_EXITS["rollout"]


def test_checks_of_a_kind_of_outcome_are_told() -> None:
    text = README[README.index("By outcome there are") :].split("\n\n")[0]
    kinds = {n for kind in ("rating", "team", "scale") for n in REQUIRED_BY_KIND[kind]}
    assert kinds | {"enough_answers", "exit_kinds"} == set(NAME.findall(text))
