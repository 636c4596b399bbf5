"""A released table as plain values: named columns, rows, and what it holds, in one sentence."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Literal

WHOLE, GENERAL = "#,##0", "General"
P_VALUE = '[<0.001]"< 0.001";[<0.1]0.000;0.00'  # as p-values are printed everywhere
_SIGNIFICANT = 12  # digits kept of a figure: what a change of scale adds behind them is noise


@dataclass(frozen=True, slots=True)
class Number:
    """A figure with the format of spreadsheets it is printed in; the value itself is not cut."""

    value: float
    format: str = GENERAL


# A cell. Where a column of figures has none, words say why: an empty cell reads as nothing found.
Value = str | Number | dt.date


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its head, what its cells are, and its width in characters."""

    head: str
    kind: Literal["text", "figure"] = "text"
    width: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: ``name`` (31 characters at most, for it names a sheet), columns, and rows."""

    name: str
    about: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]


STUDY = Column("Study", width=22)  # the first column of each table about studies


def texts(**widths: int) -> tuple[Column, ...]:
    """Columns of text by head (an underscore for each space) and width."""
    return tuple(Column(name.replace("_", " "), width=width) for name, width in widths.items())


def figures(*heads: str, width: int = 13) -> tuple[Column, ...]:
    """Columns of figures of these heads."""
    return tuple(Column(head, "figure", width) for head in heads)


def fixed(places: int) -> str:
    """The format with so many decimals and thousands commas."""
    return WHOLE + ("." + "0" * places if places else "")


def effect(value: float | None, words: str, places: int) -> Value:
    """An effect: always with its sign, unless it prints as zero."""
    plain = fixed(places)
    sign = ("+", "-") if value is not None and round(value, places) else ("", "")
    return figure(value, words, f"{sign[0]}{plain};{sign[1]}{plain};{plain}")


def figure(value: float | None, words: str, form: str = GENERAL) -> Value:
    """The figure, or the words that stand for one that is absent or infinite."""
    if value is None or not math.isfinite(value):
        return words
    return Number(float(f"{value:.{_SIGNIFICANT}g}"), form)


def counted(text: str) -> Value:
    """A released count: a number where it is one, else as printed ("<10", "≥150")."""
    digits = text.replace(",", "")
    return Number(int(digits), WHOLE) if digits.isascii() and digits.isdigit() else text


def day(text: str) -> Value:
    """An ISO date as a date; any other text as it is."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return text
