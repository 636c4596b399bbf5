"""Small link sources as tables of text: persons, answers and doubtful links of their crosswalk."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.config import Settings
from pipelines.ingest.files import deliveries
from pipelines.ingest.identity.candidates import lost_zeros
from pipelines.ingest.identity.crosswalk import crosswalk
from pipelines.ingest.identity.decisions import COLUMNS
from pipelines.ingest.identity.review import cases
from pipelines.sources import Dialect, read_source

SYSTEMS: dict[str, dict[str, Any]] = {
    "number": {"kind": "text"},
    "external": {"kind": "text", "lifelong": True},
    "mail": {"kind": "mail"},
    "name": {"kind": "name"},
}
DAY = dt.date(2024, 1, 31)


class Crosswalked:
    """What a crosswalk says; the questions are put while it is built."""

    def __init__(self, people: Any, identity: Any, ask: tuple[tuple[Any, ...], ...]) -> None:
        engine = people._engine
        names = list(identity.systems)
        rows = engine.rows(
            "select holder.code, person.anchor from holder join person using (person) order by all"
        )
        self.holders: dict[str, list[str]] = {}
        for code, anchor in rows:
            plain = anchor.replace(chr(31), ":")
            self.holders.setdefault(f"{names[int(code[:2])]} {code[2:]}", []).append(plain)
        self.turns = engine.rows(
            "select holder.code, anchor, place, valid_from, valid_to, holder.first_seen, "
            "last_seen, doubtful from holder join person using (person) order by all"
        )
        # What is named as evidence against a link: identifiers whose records are not one person.
        apart = engine.rows("select code from pair where verdict in ('doubt', 'different')")
        self.apart = {f"{names[int(code[:2])]} {code[2:]}" for (code,) in apart}
        self.answers: list[str] = []
        for system, asked in groupby(ask, key=itemgetter(0)):
            texts, days = zip(
                *((text, on[0] if on else DAY) for _, text, *on in asked), strict=True
            )
            found = people.resolver.resolve(system, pa.array(texts), pa.array(days))
            for anchor, rule in zip(*(column.to_pylist() for column in found), strict=True):
                self.answers.append(rule or anchor.replace(chr(31), ":"))
        self.repaired = people.resolver.repaired.total()
        self.cases = cases(engine, identity)
        self.advice = lost_zeros(engine, identity)
        for case in self.cases:
            self.apart |= {f"{names[int(c[:2])]} {c[2:]}" for c in (case.code_a, case.code_b)}
        self.doubts = {(c.kind, c.code_a[2:], c.code_b[2:]) for c in self.cases if not c.decision}

    @property
    def persons(self) -> set[frozenset[str]]:
        """The persons as sets of what they carry."""
        carried: dict[str, set[str]] = {}
        for code, anchors in self.holders.items():
            for anchor in anchors:
                carried.setdefault(anchor, set()).add(code)
        return {frozenset(codes) for codes in carried.values()}


def table(text: str) -> list[list[str]]:
    """The cells of a table whose columns stand two spaces apart; "-" is missing."""
    lines = [re.split(r"\s{2,}", line.strip()) for line in text.strip().splitlines()]
    return [["" if cell == "-" else cell for cell in line] for line in lines]


def joined(
    *delivered: tuple[str, str, str] | str,
    ask: tuple[tuple[Any, ...], ...] = (),
    decisions: list[tuple[str, ...]] | None = None,
    **keys: Any,
) -> Crosswalked:
    """The crosswalk of deliveries (source, date, table); columns are systems, from and to.

    One table alone is the source hr of the last day of January.
    """
    files = [("hr", "2024-01-31", d) if isinstance(d, str) else d for d in delivered]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        headers: dict[str, list[str]] = {}
        for i, (source, date, text) in enumerate(files):
            rows = table(text)
            headers[source] = rows[0]
            lines = [",".join(f'"{cell}"' for cell in row) for row in rows]
            path = folder / f"{source}-{date}-{i}.csv"
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        if decisions is not None:
            (folder / "mappings").mkdir()
            lines = [",".join(COLUMNS)] + [
                f"x,,{a},{b},{c},{d},,,{decision},owner,2024-02-01"
                for a, b, c, d, decision in decisions
            ]
            (folder / "mappings" / "identity_review.csv").write_text("\n".join(lines) + "\n")
        settings = _settings(headers, keys)
        found = deliveries(settings, folder).files
        assert settings.identity
        with crosswalk(
            settings.identity, found, lambda f: read_source(f.path, Dialect()), folder
        ) as people:
            return Crosswalked(people, settings.identity, ask)


def _settings(headers: dict[str, list[str]], keys: dict[str, Any]) -> Settings:
    systems = keys.pop("systems", SYSTEMS)
    load = {"table": "people", "columns": {"person_id": "number"}}
    links = [
        {
            "source": source,
            "ids": {name: name for name in columns if name in systems},
            **{f"valid_{end}": end for end in ("from", "to") if end in columns},
        }
        for source, columns in headers.items()
    ]
    return Settings.model_validate(
        {
            "project": "test",
            "title": "Test",
            "purpose": "Tests of the crosswalk",
            "lawful_basis": "invented data",
            "retention": {"months": 1},
            "sources": [
                {
                    "name": source,
                    "file": f"{source}-*.csv",
                    "delivered_on": {"from_name": r"(\d{4}-\d{2}-\d{2})"},
                    "contents": "full",
                    "loads": [load],
                }
                for source in headers
            ],
            "identity": {"systems": systems, "links": links, **keys},
        }
    )
