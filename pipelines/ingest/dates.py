"""Dates as they are declared: SQL that reads a text, and formats that could be mistaken refused."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.engine import quote_text as text
from pipelines.errors import Exit, UserError
from pipelines.parts import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Callable

_MONTHS_SINCE = re.compile(r"months since (\d{4})-(0[1-9]|1[0-2])")
_STRPTIME = re.compile(r"([^%]*%-?[aAbBdfHIjmMpSyYzZ])+[^%]*")
_ZONE = r"(Z|[+-]\d{2}(:?\d{2})?)?"
_MIDNIGHT = rf"^\d{{4}}-\d{{2}}-\d{{2}}([T ]00:00(:00(\.0+)?)?{_ZONE})?$"
_ANY_TIME = rf"^\d{{4}}-\d{{2}}-\d{{2}}([T ]\d{{2}}:\d{{2}}(:\d{{2}}(\.\d+)?)? ?{_ZONE})?$"
_ISO_MONTH = r"^\d{4}-\d{2}$"
_WHOLE = r"^[+-]?\d{1,5}(\.0*)?$"
_MILLISECONDS = r"^-?\d{1,14}(\.0+)?$"
# Date cells of a workbook come as ISO text, among texts in the declared format.
_CELL = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d+)?$"
_LIKE_ISO = re.compile(r"%Y-%-?d-%-?m")
_WORD = re.compile(r"[^\W\d_]+\.?")
# A day that every order of day, month and year writes differently, and its two-digit year.
_PROBE = dt.datetime(2003, 2, 1)


def date_sql(
    given: str, form: str, key: str, *, month: bool = False, pivot: int | None = None
) -> str:
    """SQL for the date in a text column by one declared format; null when it is not one.

    The day is the one that is written: no time zone moves it. Raises :class:`UserError` for a
    format that is none, and for two-digit years without a pivot.
    """
    since = _MONTHS_SINCE.fullmatch(form)
    if since:
        months = f"case when regexp_matches({given}, {text(_WHOLE)}) then {given} end"
        origin = f"date '{since[1]}-{since[2]}-01'"
        return f"cast({origin} + to_months(cast(cast({months} as double) as integer)) as date)"
    if form == "epoch_ms":
        number = f"case when regexp_matches({given}, {text(_MILLISECONDS)}) then {given} end"
        return f"cast(epoch_ms(cast(cast({number} as double) as bigint)) as date)"
    if form in {"iso", "iso_datetime"}:
        shape = _MIDNIGHT if form == "iso" else _ANY_TIME
        day = f"when regexp_matches({given}, {text(shape)}) then try_cast({given}[1:10] as date)"
        if month:
            first = f"try_cast({given} || '-01' as date)"
            day += f" when regexp_matches({given}, {text(_ISO_MONTH)}) then {first}"
        return f"case {day} end"
    if not _STRPTIME.fullmatch(form) or _LIKE_ISO.search(form):
        problem = f"formats: {key}: {form!r} is not a date format that can be told from ISO dates."
        fix = (
            "Write iso, iso_datetime, epoch_ms, a format such as '%d.%m.%Y', or "
            "'months since 2014-01'."
        )
        raise UserError(problem, fix, Exit.PROJECT)
    day = f"cast(try_strptime({given}, {text(form)}) as date)"
    if "%y" in form:
        day = _four_digits(day, pivot, key)
    cell = date_sql(given, "iso", key)
    if "%H" in form or "%I" in form:
        timed = f"when regexp_matches({given}, {text(_CELL)}) then try_cast({given}[1:10] as date)"
        cell = f"case {timed} else {cell} end"
    return f"coalesce({day}, {cell})"


def moment_sql(given: str, forms: tuple[str, ...]) -> str:
    """SQL for the moment a text names, to put lines of one day in order; never landed."""
    tries = [
        f"try_strptime({given}, {text(form)})" if "%" in form else f"try_cast({given} as timestamp)"
        for form in forms
    ]
    return f"coalesce({', '.join(tries)})"


def _four_digits(day: str, pivot: int | None, key: str) -> str:
    """The date with its century by the pivot: years from it on are 19.., those below 20..."""
    if pivot is None:
        problem = f"formats: {key}: two-digit years have no century."
        fix = "Deliver four digits, or declare `pivot: 50`: 50 to 99 are 19.., 00 to 49 are 20..."
        raise UserError(problem, fix, Exit.PROJECT)
    short = f"(year({day}) % 100)"
    year = f"({short} + case when {short} >= {pivot} then 1900 else 2000 end)"
    return f"try_cast(printf('%04d', {year}) || strftime({day}, '-%m-%d') as date)"


def check_formats(forms: tuple[str, ...], key: str) -> None:
    """Raise :class:`UserError` when one text could be read as two days by the formats."""
    written = [f for f in forms if "%" in f]
    for one, other in itertools.permutations(written, 2):
        try:
            again = dt.datetime.strptime(_PROBE.strftime(one), other)
        except ValueError:
            continue
        if again.date() != _PROBE.date():
            problem = f"formats: {key}: {one!r} and {other!r} read one text as two days."
            fix = "Keep the one that this file uses; which it is cannot be seen from 01/02/2003."
            raise UserError(problem, fix, Exit.PROJECT)


def english_months(locale: str, form: str) -> Callable[[str], str]:
    """A function that replaces the month names of a locale by what ``form`` reads."""
    listed: dict[str, list[list[str]]] = parse_yaml(
        (Path(__file__).parent / "months.yml").read_text(encoding="utf-8")
    )
    months = {name: i for i, spellings in enumerate(listed[locale]) for name in spellings}
    english = [spellings[0].capitalize() for spellings in listed["en"]]
    shown = [name[:3] for name in english] if "%b" in form else english

    def replaced(match: re.Match[str]) -> str:
        number = months.get(match[0].rstrip(".").casefold())
        return match[0] if number is None else shown[number]

    return lambda given: _WORD.sub(replaced, given)
