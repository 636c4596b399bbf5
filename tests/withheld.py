"""Looks for withheld figures in everything that a run left behind, in all roundings.

Nothing here asks the product how it prints: a figure of three significant digits or more is sought
as text, with a point or a comma, as a share and in hundredths, with either sign; cells of the
results are compared as numbers. Fewer digits prove nothing: 0.05 is a limit of many checks.

``finding`` is the exact one, before disclosure; :func:`exact_findings` makes it anew from the
published warehouse.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import duckdb

from analysis.estimate import Estimate
from pipelines.config import load_project
from pipelines.engine import Engine
from pipelines.studies import answer
from tests.workbooks import cells as workbook_cells
from tests.workbooks import read_workbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from analysis.finding import Finding

TEXTS = (".html", ".json", ".csv", ".txt", ".md", ".yml")
DIGITS = 3  # significant ones, from which on a match is no accident
PLACES = range(-3, 7)  # decimals that a figure may be printed with; large ones in tens and more
YEARS = frozenset(map(str, range(1900, 2100)))  # of dates and of papers
NEAR = 1e-9  # cells are written as they were computed, or rounded
_NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w]|[.,]\d)")
_UNSEEN = re.compile(  # bundle, layout and drawn marks
    r"<style>.*?</style>|<script>.*?</script>|<symbol .*?</symbol>", re.DOTALL
)


def withheld_figures(finding: Finding) -> tuple[float, ...]:
    """Headline and raw gap of every arm, with interval ends and standard errors."""
    found: list[float] = []
    for e in finding.estimates:
        primary = e.target.role in ("headline", "naive") or e.target.name == "primary"
        if isinstance(e, Estimate) and primary:
            found += [e.estimate, e.std_error, e.ci_low, e.ci_high]
    return tuple(x for x in found if math.isfinite(x) and x)


def roundings(value: float) -> frozenset[str]:
    """The texts of a figure's size that have three significant digits or more."""
    texts = set()
    for size in (abs(value), 100 * abs(value)):
        for places in PLACES:
            text = f"{round(size, places):.{max(places, 0)}f}"
            if len(text.replace(".", "").strip("0")) >= DIGITS:
                texts.add(text)
    return frozenset(texts)


def leaks(finding: Finding, texts: dict[str, str], cells: dict[str, Iterable[Any]]) -> list[str]:
    """Places that hold a withheld figure: ``texts`` by name, ``cells`` (numbers) by column."""
    figures = withheld_figures(finding)
    assert figures, "a finding without figures has nothing to withhold"
    sought = frozenset().union(*(roundings(x) for x in figures)) - YEARS
    out = []
    for name, text in texts.items():
        numbers = {n.replace(",", "") for n in _NUMBER.findall(_UNSEEN.sub(" ", text))}
        out += [f"{name}: {n}" for n in sorted(numbers & sought)]
        out += [f"{name}: {x!r}" for x in figures if repr(abs(x)) in text]
    for column, values in cells.items():
        numbers = {float(v) for v in values if isinstance(v, int | float) and v is not None}
        out += [f"{column}: {v!r}" for v in sorted(numbers) if any(_same(v, x) for x in figures)]
    return out


def leaks_of_run(finding: Finding, out: Path, *said: str) -> list[str]:
    """The same for the folder of a finished run; ``said`` is what the terminal showed."""
    texts = {
        str(path.relative_to(out)): path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(out.rglob("*"))
        if path.suffix in TEXTS and path.is_file() and not path.is_symlink()
    }
    assert "report.html" in texts and "findings.json" in texts
    texts |= {f"terminal {place}": text for place, text in enumerate(said)}
    cells: dict[str, Iterable[Any]] = {}
    for path in _databases(out):
        for column, values in _results(path):
            where = f"{path.relative_to(out)} {column}"
            cells[where] = values
            texts[where] = "\n".join(v for v in values if isinstance(v, str))
    for place, values in workbook_cells(read_workbook((out / "report.xlsx").read_bytes())):
        cells[f"report.xlsx {place}"] = values
        texts[f"report.xlsx {place}"] = "\n".join(v for v in values if isinstance(v, str))
    return leaks(finding, texts, cells) + _shown(finding, out)


def exact_findings(project: Path, out: Path) -> dict[str, Finding]:
    """The findings of a project by study, with every figure, from the published warehouse."""
    made = load_project(project)
    (warehouse,) = (out / "warehouse").glob("*.duckdb")
    with Engine.open(warehouse, read_only=True) as engine:
        return {s.study: answer(engine, s, made.settings.min_group) for s in made.studies}


def _same(value: float, figure: float) -> bool:
    """Whether a cell is the figure, a share of it or its hundredfold, as it is or rounded."""
    if len(f"{abs(value):.9g}".replace(".", "").strip("0")) < DIGITS:
        return False
    for scale in (1.0, 100.0, 0.01):
        size = scale * abs(figure)
        first = DIGITS - 1 - math.floor(math.log10(size))  # decimals that leave so many digits
        printed = (size, *(round(size, places) for places in range(first, first + 4)))
        if any(math.isclose(abs(value), x, rel_tol=NEAR) for x in printed):
            return True
    return False


def _databases(out: Path) -> list[Path]:
    found = sorted(p for p in out.rglob("*.duckdb") if not p.is_symlink())
    assert any(p.name == "analyst.duckdb" for p in found)
    return found


def _results(path: Path) -> Iterator[tuple[str, list[Any]]]:
    """Columns of the tables and views of released figures, with their values."""
    with duckdb.connect(str(path), read_only=True) as connection:
        named = connection.execute(
            "select table_name, column_name from information_schema.columns "
            "where table_schema = 'results' order by all"
        ).fetchall()
        assert named, f"{path.name} has no results"
        for table, column in named:
            rows = connection.execute(f'select "{column}" from results."{table}"').fetchall()
            yield f"results.{table}.{column}", [value for (value,) in rows]


def _shown(finding: Finding, out: Path) -> list[str]:
    """Estimates and curves of the study in findings.json that hold a number at all."""
    studies = json.loads((out / "findings.json").read_text(encoding="utf-8"))
    found = next(f for f in studies if f["study"] == finding.spec.study)
    keys = ("estimate", "std_error", "ci_low", "ci_high", "p_value", "n_people", "n_rows")
    lines = [f"findings.json: {k} of {e['name']}" for e in found["estimates"] for k in keys if e[k]]
    return lines + ["findings.json: curves"] * bool(found["curves"])
