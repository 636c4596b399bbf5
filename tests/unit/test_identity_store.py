"""The crosswalk and its review written anew, without erased persons."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from pipelines.engine import Engine
from pipelines.erasure.tombstones import Erased, Record, Tombstone
from pipelines.ingest.identity import store

if TYPE_CHECKING:
    from pathlib import Path

_OLD = """
create table link (
    system varchar, id varchar, valid_from date, valid_to date, first_seen date, last_seen date,
    person varchar, source varchar, file varchar, row_number bigint, evidence varchar,
    doubtful boolean
);
create table person (person varchar, pseudonym varchar, in_master boolean, first_seen date);
create table review (
    "case" varchar, kind varchar, system_a varchar, id_a varchar, system_b varchar, id_b varchar,
    evidence varchar, score varchar, decision varchar, decided_by varchar, decided_on varchar
);
insert into person values ('gone', 'p1', true, null), ('stays', 'p2', true, null);
"""


@pytest.mark.parametrize(("number", "in_review"), [("=17", "'=17"), ("'17", "''17"), ("17", "17")])
def test_a_review_of_an_erased_person_goes_whatever_the_number_begins_with(
    tmp_path: Path, number: str, in_review: str
) -> None:
    with Engine.open(tmp_path / store.DATABASE) as engine:
        engine.run(_OLD)
        for person, text in (("gone", number), ("stays", "=18")):
            sql = "insert into link (system, id, person) values ('hr', $1, $2)"
            engine.run(sql, [text, person])
        for case, text in (("1", in_review), ("2", "'=18")):
            sql = "insert into review (\"case\", system_a, id_a) values ($1, 'hr', $2)"
            engine.run(sql, [case, text])
    nobody = Erased(Record("k"), b"k" * 16)
    gone = Record("k", (Tombstone((nobody.hashed("p1"),)),))
    store.rewrite(tmp_path, Erased(gone, b"k" * 16))
    with (tmp_path / store.REVIEW).open(newline="") as review:
        assert [row["case"] for row in csv.DictReader(review)] == ["2"]
