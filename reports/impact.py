"""A draft of a data-protection impact assessment (GDPR Art. 35(7)), as Markdown.

What the project file and the last run know is filled in; what the company alone knows is marked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.wording import impact as words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRead:
    """A source: what is read of it and where that goes, what stays unread, how many rows.

    ``read`` pairs a header with table and column; ``rows`` is printed as it is, rounded.
    """

    name: str
    pulled: bool
    read: tuple[tuple[str, str], ...]
    not_read: tuple[str, ...] = ()
    rows: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The version in service: who stands in it, by role, and what was kept out; counts rounded."""

    run: str
    known_at: str
    people: tuple[tuple[str, str], ...]
    quarantined: str
    erased: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """All that the draft is made of; nothing about any person."""

    title: str
    purpose: str
    lawful_basis: str
    months: int
    min_group: int
    public: bool
    programmes: tuple[str, ...]
    studies: tuple[tuple[str, str], ...]  # name, question
    instruments: tuple[str, ...]
    systems: tuple[tuple[str, str], ...]  # identifiers of the section identity: name, kind
    encrypted: bool  # whether the file that holds them is to be
    backups: tuple[str, ...]
    sources: tuple[SourceRead, ...]
    last: LastRun | None


def render(of: Assessed) -> str:
    """The draft as Markdown; the same facts give the same text."""
    parts = [
        [f"# {words.TITLE}: {_cell(of.title)}", words.STATUS],
        _purpose(of),
        _data(of),
        _people(of),
        ["## " + words.FLOWS_TITLE, *words.flows(joined=bool(of.systems))],
        ["## " + words.SEEN_TITLE, _table(words.SEEN_HEAD, words.SEEN), todo(words.WHO_HOLDS)],
        ["## " + words.NEEDED_TITLE, *words.NEEDED, todo(words.WHY_NEEDED)],
        _risks(of),
        ["## " + words.RIGHTS_TITLE, *words.RIGHTS, todo(words.HOW_RIGHTS)],
        ["## " + words.OPEN_TITLE, *map(todo, words.OPEN)],
    ]
    return "\n\n".join(block for part in parts for block in part) + "\n"


def todo(text: str) -> str:
    """What the company must fill in, marked so that it can be searched for."""
    return f"**{words.TO_FILL_IN}** {text}"


def _purpose(of: Assessed) -> Iterator[str]:
    yield "## " + words.PURPOSE_TITLE
    rows = [
        ("Purpose", of.purpose),
        ("Lawful basis", of.lawful_basis),
        ("Kept for", words.kept_for(of.months)),
        ("Programmes", ", ".join(of.programmes) or words.NONE),
        ("Backups named", ", ".join(of.backups) or words.NO_BACKUPS),
    ]
    yield _table(("", "as the project file says"), rows)
    if of.studies:
        yield _table(("Study", "Question"), of.studies)
    yield todo(words.BASIS_OPEN)


def _data(of: Assessed) -> Iterator[str]:
    yield "## " + words.DATA_TITLE
    yield words.DATA
    for source in of.sources:
        kind = words.PULLED if source.pulled else words.DELIVERED
        rows = f", {words.rows(source.rows)}" if source.rows else ""
        yield f"### {source.name} ({kind}{rows})"
        yield _table(words.DATA_HEAD, source.read)
        if of.last is not None:
            yield words.not_read(tuple(map(_cell, source.not_read)))
    if of.systems:
        yield words.IDENTIFIERS
        yield _table(("Identifier", "Kind"), of.systems)
        yield words.encrypted(on=of.encrypted)
    if of.instruments:
        yield words.surveys(of.instruments)
    yield todo(words.SPECIAL)


def _people(of: Assessed) -> Iterator[str]:
    yield "## " + words.PEOPLE_TITLE
    if of.last is None:
        yield words.NO_RUN
    else:
        yield words.as_of(of.last.run, of.last.known_at)
        yield _table(words.PEOPLE_HEAD, of.last.people)
        yield words.kept_out(of.last.quarantined, of.last.erased)
    yield todo(words.PEOPLE_OPEN)


def _risks(of: Assessed) -> Iterator[str]:
    yield "## " + words.RISKS_TITLE
    yield words.PUBLISHED if of.public else words.RISKS
    yield _table(words.RISKS_HEAD, words.risks(of.min_group, of.months))
    yield todo(words.RESIDUAL)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    """A text of the project as it may stand in a table: on one line, markup and bars escaped."""
    plain = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\|`*<>[]" else c for c in plain)
