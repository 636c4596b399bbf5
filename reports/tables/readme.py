"""The first sheet of a workbook: what it is, how to read it, and what may be said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.names import study_title
from reports.numbers import plain
from reports.wording import tables as said
from reports.wording.answers import answer
from reports.wording.exploratory import graded
from reports.wording.vocabulary import GRADES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reports.model import Report
    from reports.tables.table import Table

# Part, item and text; the part stands at the first of its lines alone.
Lines = tuple[tuple[str, str, str], ...]


def readme(report: Report, tables: Sequence[Table]) -> Lines:
    """The lines of the first sheet, by part."""
    found: tuple[tuple[str, Iterator[tuple[str, str]]], ...] = (
        ("This workbook", _about(report)),
        ("What may be said", _sayings(report)),
        ("How to read it", _reading(report)),
        ("In place of a number", iter(said.INSTEAD)),
        ("Grades", _grades()),
        ("Sheets", _sheets(tables)),
    )
    return tuple(
        ("" if place else part, item, text)
        for part, items in found
        for place, (item, text) in enumerate(items)
    )


def _about(report: Report) -> Iterator[tuple[str, str]]:
    run = report.manifest
    yield "What this is", said.WHAT_THIS_IS
    yield "Project", plain(report.project.title)
    yield "As known at", plain(run.as_known_at)
    yield "Run", plain(run.run)
    yield "Made by", f"mentorlift {plain(run.code_version)}"


def _sayings(report: Report) -> Iterator[tuple[str, str]]:
    for release in report.releases:
        words = answer(release)
        name = study_title(release)
        yield name, f"Study {release.study}, graded {graded(release)}. {words.sentence}"
        yield "You may say", f"“{words.may_say}”"
        yield "Do not say", f"“{words.do_not_say}” {words.why_not}"


def _reading(report: Report) -> Iterator[tuple[str, str]]:
    yield "Figures", said.HOW_TO_READ
    yield "Digits", said.PRECISION
    smallest = max((r.min_group for r in report.releases), default=10)
    rounded = said.EXACT if report.public else said.ROUNDED.format(few=smallest)
    yield "What is rounded, and why", rounded


def _grades() -> Iterator[tuple[str, str]]:
    for name, words in GRADES.items():
        verb = "no number is shown" if not words.step else f"the verb is “{words.up}”"
        yield name, f"{words.needs}; {verb}"


def _sheets(tables: Sequence[Table]) -> Iterator[tuple[str, str]]:
    for table in tables:
        if table.rows:
            yield table.name, table.about
    empty = [table.name for table in tables if not table.rows]
    if empty:
        yield "Not here", f"{said.LEFT_OUT}: {', '.join(empty)}."
