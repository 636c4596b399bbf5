"""Writes the crosswalk and the review file where only the owner of the data can read them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.engine import Engine, quote_text
from pipelines.ingest.identity.decisions import COLUMNS, as_csv
from pipelines.opened import stamp
from pipelines.publish import fresh, make_private, settle, write_private

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.erasure.tombstones import Erased
    from pipelines.identity import Identity
    from pipelines.ingest.identity.decisions import Case
    from pipelines.ingest.pseudonym import Pseudonyms

DATABASE, REVIEW = "identity.duckdb", "identity_review.csv"

_LINKS = """
with joining as (
    select member.person, pair.code, list_sort(list_distinct(list(pair.verdict))) as verdicts
    from pair
    inner join member on pair.a = member.profile
    inner join member as other on pair.b = other.profile and member.person = other.person
    where pair.verdict in ('firm', 'weak', 'decided')
    group by all
)
select
    {system} as system, holder.code[3:] as id,
    case when holder.holders > 1 then holder.valid_from else holder.start end as valid_from,
    case when not holder.doubtful and left(holder.code, 2) not in ({names})
        then holder.valid_to end as valid_to,
    holder.first_seen, holder.last_seen, person.anchor as person, origin.source, origin.file,
    origin.row_number,
    case
        when list_contains(joining.verdicts, 'decided') then 'decided by review'
        when list_contains(joining.verdicts, 'firm') then 'confirmed by a second identifier'
        when list_contains(joining.verdicts, 'weak') then 'carried by several records'
        else 'carried by one record'
    end as evidence,
    holder.doubtful
from holder
inner join person on holder.person = person.person
inner join profile as origin on holder.origin = origin.profile
left join joining on holder.person = joining.person and holder.code = joining.code
order by all
"""
# An identifier that somebody else carries as well stays for them. In the review, an apostrophe
# stands before what a spreadsheet would take for a formula.
_WITHOUT = """
create table stored.link as
from old.link where person not in (select person from gone) order by all;
create table stored.person as
from old.person where person not in (select person from gone) order by person;
create table stored.review as
with own as (
    select system, id from old.link
    group by all having bool_and(person in (select person from gone))
)
select review.* from old.review as review
left join own as a
    on review.system_a = a.system and regexp_replace(review.id_a, '^''', '') = a.id
left join own as b
    on review.system_b = b.system and regexp_replace(review.id_b, '^''', '') = b.id
where a.id is null and b.id is null
order by all;
"""
_PERSONS = "select anchor as person, in_master, first_seen from person order by person"
_DESCRIBED = {
    "link": (
        "One row per identifier and person it leads to, with the evidence.",
        {
            "system": "Kind of identifier, as the project declares it.",
            "id": "The identifier in its normal form.",
            "valid_from": "Day from which it belongs to this person; empty: always.",
            "valid_to": "Day from which it belongs to the next holder; empty: none.",
            "first_seen": "Date of the first delivery that holds the link.",
            "last_seen": "Date of the last delivery that holds the link.",
            "person": "Anchor of the person.",
            "source": "Source of the first record that holds the link.",
            "file": "File of that record.",
            "row_number": "Physical row of that record, from 1, header included.",
            "evidence": "What makes the link certain.",
            "doubtful": "Whether the identifier fits several people and so leads to nobody.",
        },
    ),
    "person": (
        "One row per person found in the link sources.",
        {
            "person": "Anchor: the identifier of the person that was seen first.",
            "pseudonym": "What stands for the person in the warehouse.",
            "in_master": "Whether a master source holds the person.",
            "first_seen": "Date of the first delivery that holds the person.",
        },
    ),
    "review": (
        "One row per doubtful link, as in the review file.",
        {name: f"As in the review file: {name.replace('_', ' ')}." for name in COLUMNS},
    ),
}


def write(
    engine: Engine,
    identity: Identity,
    cases: list[Case],
    pseudonyms: Pseudonyms,
    folder: Path,
    keys: Sequence[str] = (),
) -> None:
    """Write both files into the private folder, readable by its owner alone.

    The crosswalk is encrypted where there are ``keys``, with the first.
    """
    make_private(folder)
    review = as_csv(identity, cases)
    temporary = fresh(folder / DATABASE)
    engine.attach(temporary, "stored", read_only=False, keys=keys)
    temporary.chmod(0o600)
    systems = ", ".join(map(quote_text, identity.systems))
    system = f"[{systems}][cast(left(holder.code, 2) as integer) + 1]"
    names = ", ".join(map(quote_text, identity.codes("name"))) or "''"
    engine.run(f"create table stored.link as {_LINKS.format(system=system, names=names)}")
    people = engine.arrow(_PERSONS)
    given = pseudonyms.of(people.column("person").combine_chunks())
    people = people.add_column(1, "pseudonym", given.dictionary_decode())
    for name, table in (("person", people), ("review", _review_table(review))):
        engine.register("written", table)
        engine.run(f"create table stored.{name} as from written")
        engine.unregister("written")
    for name in _DESCRIBED:
        _describe(engine, name)
    stamp(engine, "identity", "stored")
    engine.run("checkpoint stored")
    engine.detach("stored")
    settle(temporary, folder / DATABASE)
    write_private(folder / REVIEW, review)


def rewrite(
    folder: Path, erased: Erased, keys: Sequence[str] = (), written_with: Sequence[str] = ()
) -> None:
    """Write both files anew without erased persons, from what they hold.

    ``keys`` may open the crosswalk; it is encrypted where there is one in ``written_with``.
    """
    temporary = fresh(folder / DATABASE)
    with Engine.memory() as engine:
        engine.attach(folder / DATABASE, "old", keys=keys)
        engine.attach(temporary, "stored", read_only=False, keys=written_with)
        temporary.chmod(0o600)
        people = engine.rows("select person, pseudonym from old.person")
        gone = [person for person, pseudonym in people if erased.is_erased(pseudonym)]
        engine.register("gone", pa.table({"person": pa.array(gone, pa.string())}))
        engine.run(_WITHOUT)
        for name in _DESCRIBED:
            _describe(engine, name)
        stamp(engine, "identity", "stored")
        review = engine.rows("from stored.review")
        engine.run("checkpoint stored")
        engine.detach("stored")
        engine.detach("old")
    settle(temporary, folder / DATABASE)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([COLUMNS, *review])
    write_private(folder / REVIEW, out.getvalue())


def _review_table(review: str) -> pa.Table:
    rows = list(csv.DictReader(io.StringIO(review)))
    return pa.table({name: pa.array([r[name] for r in rows], pa.string()) for name in COLUMNS})


def _describe(engine: Engine, name: str) -> None:
    meaning, columns = _DESCRIBED[name]
    engine.run(f"comment on table stored.{name} is {quote_text(meaning)}")
    for column, text in columns.items():
        engine.run(f'comment on column stored.{name}."{column}" is {quote_text(text)}')
