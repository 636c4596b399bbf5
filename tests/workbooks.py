"""Reads a finished workbook as a stranger would: its cells, and what in it gives people away.

Nothing here asks the product: columns are found by their heads, the rules are written down anew.
"""

from __future__ import annotations

import io
import math
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import openpyxl

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
Row = dict[str, Any]

MIN_GROUP, ROUND_TO = 10, 5
DIGITS = 1e-9  # a cell repeats a figure of the findings, or its hundredfold
COUNTS = {  # heads of counts that are rounded to five, by sheet
    "Answer": ("People",),
    "Estimates": ("People", "Rows"),
    "Balance": ("People in the arm", "People compared"),
    "Over time": ("People",),
    "Who benefits": ("People",),
    "Funnel": ("People",),
    "Groups": ("People",),
    "Files": ("Rows in", "Loaded", "Quarantined", "Left out", "Duplicates"),
    "Rows set aside": ("Rows",),
    "Data checks": ("Rows found",),
}
FIGURES = (
    "Estimate", "95 % low", "95 % high", "Standard error", "p-value", "Raw gap, not an effect",
    "People", "Rows", "p, Holm", "p, BH", "Share", "At risk", "Exits since", "Day",
)  # fmt: skip
BALANCE = {  # heads of figures of how alike the groups were, by sheet
    "Balance": ("Difference before", "Difference after"),
    "Overlap": ("Score from", "Score to", "Share"),
    "Weights": ("Figure",),
}
ENDS = ("Estimate", "95 % low", "95 % high")
OF_A_STUDY = ("Answer", "Estimates", "Over time", "Exit curves", "Who benefits", "Subgroup tests")


@dataclass(frozen=True)
class Book:
    """Rows of each sheet by head; of the first sheet, which is no table, its texts alone."""

    readme: tuple[str, ...]
    sheets: dict[str, list[Row]]


def read_workbook(content: bytes) -> Book:
    """The workbook, refused where it holds anything but text, numbers and dates in plain sight."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    parts = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert not [p for p in parts if any(x in p for x in ("vba", "external", "drawing", "comments"))]
    assert all(sheet.sheet_state == "visible" for sheet in book)
    for sheet in book:
        for cell in (c for row in sheet.iter_rows() for c in row):
            assert cell.data_type in "snd", f"{sheet.title} {cell.coordinate}: {cell.data_type}"
            assert cell.hyperlink is None and cell.comment is None
    first, *others = book
    assert first.title == "README" and book.active is first
    return Book(
        readme=tuple(str(v) for row in first.iter_rows(values_only=True) for v in row if v),
        sheets={sheet.title: _rows(sheet) for sheet in others},
    )


def _rows(sheet: Any) -> list[Row]:
    heads, *rows = sheet.iter_rows(values_only=True)
    assert len(set(heads)) == len(heads), f"{sheet.title}: two columns of one name"
    return [dict(zip(heads, row, strict=True)) for row in rows]


def cells(book: Book) -> Iterator[tuple[str, list[Any]]]:
    """Sheet and head, and the values below."""
    yield "README", list(book.readme)
    for name, rows in book.sheets.items():
        for head in rows[0] if rows else ():
            yield f"{name} {head}", [row[head] for row in rows]


def workbook_breaches(findings: list[Json], content: bytes) -> list[str]:
    """Every rule of disclosure that the workbook of a protected run breaks, in words."""
    sheets = read_workbook(content).sheets
    out = [line for name, heads in COUNTS.items() for line in _counts(name, heads, sheets)]
    by_study = {f["study"]: f for f in findings}
    for name in OF_A_STUDY:
        for row in sheets.get(name, []):
            out += _row(name, row, by_study[row["Study"]])
    for name, heads in BALANCE.items():
        for row in sheets.get(name, []):
            out += _alike(name, row, heads, by_study[row["Study"]])
    for row in sheets.get("Since the last report", []):
        out += _then_and_now(row, by_study.get(row["Study"]))
    return out


def _alike(name: str, row: Row, heads: tuple[str, ...], finding: Json) -> list[str]:
    """Every figure of balance was released, none of a group that is not shown."""
    where = f"{name}, {row['Study']}"
    known = set(_of_balance(finding))
    numbers = {h: row[h] for h in heads if isinstance(row[h], int | float)}
    if row.get("Status", "shown") != "shown":
        return [f"{where}: {head} of a difference not released" for head in numbers]
    return [
        f"{where}: {v} under {h} was not released" for h, v in numbers.items() if v not in known
    ]


def _of_balance(finding: Json) -> Iterator[float]:
    for b in finding["balance"]:
        yield from (row[k] for row in b["rows"] for k in ("before", "after"))
        yield from (part[k] for part in b["overlap"] for k in ("low", "high", "share"))
        w = b["weights"] or {"percentiles": []}
        yield from (weight for _, weight in w["percentiles"])
        yield from (w[k] for k in ("heaviest", "largest") if w.get(k) is not None)
        yield from (int(w[k]) for k in ("extreme",) if w.get(k, "").isdigit())
    yield from (d["value"] for d in finding["diagnostics"] if d["name"] == "effective_sample_size")


def _then_and_now(row: Row, finding: Json | None) -> list[str]:
    """Both numbers are those of the findings; of a study no longer asked, or withheld, none is."""
    where = f"Since the last report, {row['Study']}"
    numbers = {h: v for h, v in row.items() if isinstance(v, int | float)}
    if finding is None or finding["grade"] == "Withheld":
        return [f"{where}: {head} of a study withheld or not asked" for head in numbers]
    head = next(e for e in finding["estimates"] if e["role"] == "headline")
    out = []
    for then, found in (("then", finding["previous"] or {}), ("now", head)):
        ends = [found.get(k) for k in ("estimate", "ci_low", "ci_high")]
        known = [v * by for v in ends if v is not None for by in (1, 100)]
        for end in ENDS:
            value = numbers.get(f"{end}, {then}")
            if value is not None and not any(math.isclose(value, k, rel_tol=DIGITS) for k in known):
                out.append(f"{where}: {value} under {end}, {then} was not released")
    return out


def _counts(name: str, heads: tuple[str, ...], sheets: dict[str, list[Row]]) -> list[str]:
    return [
        f"{name}: {row[head]} under {head} is an exact count"
        for row in sheets.get(name, [])
        for head in heads
        if isinstance(row[head], int | float)
        and (row[head] % ROUND_TO or 0 < row[head] < MIN_GROUP)
    ]


def _row(name: str, row: Row, finding: Json) -> list[str]:
    """What is not shown has no number; what is shown was released."""
    where = f"{name}, {row['Study']}"
    numbers = {h: row[h] for h in FIGURES if isinstance(row.get(h), int | float)}
    if row["Status"] != "shown":
        return [f"{where}: {head} of a figure not released" for head in numbers]
    out = [f"{where}: {h} is empty" for h in FIGURES if h in row and row[h] in (None, "")]
    if finding["grade"] == "Withheld":
        out += [f"{where}: {head} of a study withheld" for head in numbers]
    known = set(_released(finding))
    return out + [
        f"{where}: {value} under {head} was not released"
        for head, value in numbers.items()
        if not any(math.isclose(value, k, rel_tol=DIGITS, abs_tol=DIGITS) for k in known)
    ]


def _released(finding: Json) -> Iterator[float]:
    """All figures of a study in the findings, shares also in hundredths."""
    names = ("estimate", "std_error", "ci_low", "ci_high")
    for e in finding["estimates"]:
        found = [e[k] for k in names if e[k] is not None]
        yield from found + [100 * v for v in found if e["unit"].startswith("share")]
        yield from (e[k] for k in ("p_value", "n_people", "n_rows") if e[k] is not None)
    for curve in finding["curves"]:
        yield from (v for point in curve["points"] for v in point.values())
    for test in finding["interactions"]:
        yield from (test[k] for k in ("p_value", "p_holm", "p_bh") if test[k] is not None)
