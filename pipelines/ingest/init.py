"""Writes a first project file from delivered files: every guess marked, every doubt asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from pipelines import durable
from pipelines.errors import Exit, UserError, shown
from pipelines.ingest.dialect import shipped
from pipelines.ingest.headers import fold
from pipelines.ingest.sniff import Sniffed, date_formats, has_decimal_comma, sniff
from pipelines.models import contracts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipelines.delivery import Load
    from pipelines.ingest.dialect import Dialect

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# What a project has to say of a delivery, since no export holds it.
_SAID = {
    "programme": "TODO the id of the programme",
    "instrument": "TODO the name of the questionnaire",
    "wave": "TODO the round of the survey",
    "metric": "TODO what is measured",
}
_QUESTIONS = "'TODO a pattern of the columns that hold answers, such as item_[0-9]+'"
# Fewer headers in common with a dialect than this are chance.
_MIN_HEADERS = 3
_HEAD = """\
# Written by `mentorlift init`. Check the lines marked "guessed", decide those marked "decide";
# nothing is read while a TODO is left. `mentorlift check` shows what would happen.
project: {name}
title: TODO what people call it; printed at the head of the report
purpose: TODO what these data about people at work are processed for
lawful_basis: TODO on what lawful basis, and under which works agreement
retention: {{months: TODO}} # after how many months results and landed data are deleted
disclosure: protected
programmes: [] # decide: one line a programme, such as {{id: SALES, name: Mentoring in sales}}
# Survey scales are scored by the keys in data/instruments, and by your own in instruments/ beside
# this file. Where your survey names items otherwise:
# instruments: [{{use: tis6, asked_in: YOUR QUESTIONNAIRE, items: {{tis6_1: YOUR ITEM}}}}]
# When `mentorlift serve` runs, and whether it does as files arrive:
# schedule: {{cron: "0 6 6 * *", timezone: Europe/Berlin, on_delivery: true}}

sources:
"""


@dataclass
class _Match:
    """How well a dialect fits a header."""

    name: str
    dialect: Dialect
    headers: set[str] = field(default_factory=set)
    loads: list[tuple[Load, dict[str, str]]] = field(default_factory=list)
    complete: bool = True  # its columns of questions are found as well


def write_project(given: Sequence[Path], out: Path) -> tuple[Path, int]:
    """Write ``mentorlift.yml`` into ``out``; its path and how many places are left to decide.

    Raises :class:`UserError` when there is one already, or no file to look at.
    """
    target = out / "mentorlift.yml"
    if target.exists():
        fix = "Name another folder under --out, or move the file away."
        raise UserError(f"{target}: there is a project file already", fix, Exit.PROJECT)
    files = sorted({file for path in given for file in _files(path)})
    if not files:
        named = ", ".join(str(path) for path in given)
        raise UserError(f"{named}: there is no file to look at", "Name a folder with exports.")
    name = re.sub(r"[^a-z0-9]+", "-", out.resolve().name.lower()).strip("-") or "project"
    text = _HEAD.format(name=name) + "\n".join(_sources(files))
    durable.create(target, text)
    return target, sum(text.count(word) for word in ("TODO", "decide:"))


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return [p for p in sorted(path.iterdir()) if p.is_file() and p.name[:1] not in {".", "~"}]
    if not path.is_file():
        raise UserError(f"{path}: there is no such file", "Name a folder with exports, or files.")
    return [path]


def _sources(files: Sequence[Path]) -> Iterator[str]:
    """A block of lines for each kind of delivery; files that differ by a date are one kind."""
    kinds: dict[tuple[str, str], list[Sniffed]] = {}
    for path in files:
        try:
            for found in sniff(path):
                record = str(found.layout.get("record", ""))
                kinds.setdefault((_DATE.sub("*", path.name), record), []).append(found)
        except UserError as error:
            yield f"  # {shown(path.name)} was left out: {error.problem} {error.fix}\n"
    taken: set[str] = set()
    for (pattern, record), found in kinds.items():
        matches = _matches(found[-1].header)
        if record and not any(m.dialect.layout.get("record") == record for m in matches):
            continue  # of a file with many record types only the known ones are of use
        stem = f"{pattern.split('.')[0]} {record}".lower()
        name = re.sub(r"[^a-z0-9]+", "-", stem).strip("-") or "source"
        name = next(n for n in (name, *(f"{name}-{i}" for i in range(2, 999))) if n not in taken)
        taken.add(name)
        yield "\n".join(_source(name, pattern, found, matches)) + "\n"


def _matches(header: tuple[str, ...]) -> list[_Match]:
    """Dialects that fit, best first: those that know most of the headers."""
    folded = {fold(name): name for name in header}
    required = {c.table: {x.name for x in c.columns if x.required} for c in contracts("landed")}
    matches = []
    for name, dialect in shipped().items():
        match = _Match(name, dialect)
        for load in dialect.loads:
            named = {
                canonical: folded[fold(alias)]
                for canonical, aliases in load.aliases.items()
                for alias in aliases[::-1]  # the first alias that is there stays
                if fold(alias) in folded
            }
            filled = {*named, *load.constants, *_SAID}
            filled |= {c for c, aliases in load.aliases.items() if "@delivered_on" in aliases}
            items = _items(load, header)
            filled |= _made(load)
            kept = all(fold(h) in folded for h in load.keep_if)
            if required[load.table] <= filled and kept:
                match.loads.append((load, named))
                match.complete &= bool(items) or load.unpivot is None
                filters = [*load.keep_if, *load.drop_if]
                match.headers |= {folded[fold(h)] for h in filters if fold(h) in folded}
                match.headers |= {*named.values(), *items, *_alternatives(load, folded)}
        if len(match.headers) >= min(_MIN_HEADERS, len(header)) and match.loads:
            matches.append(match)
    return sorted(matches, key=lambda m: (not m.complete, -len(m.headers), m.name))


def _items(load: Load, header: tuple[str, ...]) -> list[str]:
    """The columns that become lines."""
    pattern = re.compile(load.unpivot.pattern if load.unpivot else "", re.IGNORECASE)
    return [name for name in header if pattern.fullmatch(name)]


def _made(load: Load) -> set[str]:
    """The columns of ours that are made of columns that become lines."""
    return {load.unpivot.item, load.unpivot.value} if load.unpivot else set()


def _alternatives(load: Load, folded: dict[str, str]) -> set[str]:
    """All headers that a column is read from; identifiers are read from the first alone."""
    contract = next(c for c in contracts("landed") if c.table == load.table)
    several = [c.name for c in contract.columns if c.role != "identifier"]
    aliases = [alias for name in several for alias in load.aliases.get(name, ())]
    return {folded[fold(alias)] for alias in aliases if fold(alias) in folded}


def _source(name: str, pattern: str, found: list[Sniffed], matches: list[_Match]) -> Iterator[str]:
    last = found[-1]
    if not matches:
        columns = ", ".join(last.header[:30])
        told = f"{shown(pattern)} is like no known export; name its dialect or write loads."
        yield f"  # decide: {told}"
        yield f"  # Its columns: {columns}"
        return
    best = matches[0]
    known = f"{len(best.headers)} of {len(last.header)} columns are known to it"
    yield f"  - name: {name}"
    yield f"    file: {_scalar(pattern)}"
    yield from _delivered(found, pattern)
    yield f"    dialect: {best.name} # guessed: {known}"
    others = [m.name for m in matches[1:] if len(m.headers) == len(best.headers)]
    if others:
        yield f"    # decide: as many columns are known to {', '.join(others)}"
    if len(best.loads) < len(best.dialect.loads):
        tables = ", ".join(load.table for load, _ in best.loads)
        yield f"    tables: [{tables}] # guessed: the file lacks what the others need"
    for key, value in last.layout.items():
        if best.dialect.layout.get(key) != value:
            yield f"    {key}: {_scalar(value)} # guessed: {last.guessed[key]}"
    yield from (f"    # decide: {doubt}" for doubt in last.doubts)
    numbers = [h for load, named in best.loads for h in _numbers(load, named)]
    if any(has_decimal_comma(last.column(header)) for header in numbers):
        yield '    decimal: "," # guessed: some figures can be nothing else'
    yield f"    contents: {best.dialect.contents or 'delta'} # decide: full, delta or rolling"
    yield "    # expected: monthly by day 5 # if files come regularly: what is late is said then"
    yield from _loads(best, last)
    read = ", ".join(h for h in last.header if h not in best.headers)
    if read:
        yield f"    # not read: {read}"


def _delivered(found: list[Sniffed], pattern: str) -> Iterator[str]:
    if all(_DATE.search(one.path.name) for one in found) and "*" in pattern:
        yield (
            "    delivered_on: {from_name: '(\\d{4}-\\d{2}-\\d{2})'} "
            "# guessed: the day in the file's name"
        )
    else:
        yield "    delivered_on: TODO the day of the export, such as 2025-01-31"


def _loads(best: _Match, last: Sniffed) -> Iterator[str]:
    lines = [line for load, named in best.loads for line in _load(load, named, last)]
    if lines:
        yield "    loads:"
        yield from lines


def _load(load: Load, named: dict[str, str], last: Sniffed) -> Iterator[str]:
    """What a load needs beyond its dialect: constants nobody delivers, and formats of days."""
    contract = next(c for c in contracts("landed") if c.table == load.table)
    filled = {*named, *load.constants, *_made(load)}
    filled |= {c for c, aliases in load.aliases.items() if "@delivered_on" in aliases}
    open_ = [c.name for c in contract.columns if c.required and c.name not in filled]
    lines = []
    if open_:
        said = ", ".join(f"{name}: {_SAID[name]}" for name in open_)
        lines.append(f"        constants: {{{said}}}")
    if load.unpivot and not _items(load, last.header):
        lines.append(f"        unpivot: {{pattern: {_QUESTIONS}}}")
    formats: dict[str, str] = {}
    for column in contract.columns:
        if column.role in {"date", "month"} and column.name in named:
            ignored = {w.casefold() for w in load.null_words.get(column.name, ())}
            values = [v for v in last.column(named[column.name]) if v.casefold() not in ignored]
            forms = date_formats(values)
            declared = load.formats.get(column.name, "iso")
            accepted = {declared} if isinstance(declared, str) else {*declared}
            if len(forms) == 1 and forms[0] not in accepted | {"iso"}:
                formats[column.name] = forms[0]
            elif len(forms) > 1 and not accepted & {*forms}:
                lines.append(
                    f"        # decide: formats: {column.name} is written {' or '.join(forms)}"
                )
    if formats:
        said = ", ".join(f"{name}: {_scalar(form)}" for name, form in formats.items())
        lines.append(f"        formats: {{{said}}} # guessed: no other order fits every day")
    if lines:
        yield f"      - table: {load.table}"
        yield from lines


def _numbers(load: Load, named: dict[str, str]) -> list[str]:
    contract = next(c for c in contracts("landed") if c.table == load.table)
    return [named[c.name] for c in contract.columns if c.role == "number" and c.name in named]


def _scalar(value: str | int) -> str:
    """A value as it stands in YAML on one line."""
    style = '"' if isinstance(value, str) else None
    return yaml.safe_dump(value, default_style=style).split("\n")[0]


__all__ = ["Sniffed", "write_project"]
