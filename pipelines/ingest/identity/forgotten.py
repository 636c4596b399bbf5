"""Erased persons in a crosswalk: known again by any identifier of theirs, then left out of it.

Who is who is settled with them, so that a number which was issued again still leads to its later
holder; nothing of them is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.engine import quote_text as text
from pipelines.ingest.identity.persons import anchor_sql

if TYPE_CHECKING:
    from pipelines.engine import Engine
    from pipelines.erasure.tombstones import Erased
    from pipelines.identity import Identity

# An identifier that several people carry, or that leads to nobody, tells none of them.
_CARRIED = """
select person.person, person.anchor, person.anchor as own from person
union all
select person.person, person.anchor, {own} as own
from holder inner join person on holder.person = person.person
where holder.holders = 1 and not holder.doubtful and left(holder.code, 2) not in ({names})
order by all
"""
_REMOVE = """
create temp table gone_profile as
select profile from member where person in (select person from gone_person);
create temp table gone_code as
select code from holder group by code
having bool_and(person in (select person from gone_person));
delete from decision where code_a in (from gone_code) or code_b in (from gone_code);
delete from fits where issued in (from gone_code);
delete from unknown where code in (from gone_code);
delete from shared where code in (from gone_code);
delete from pair where a in (from gone_profile) or b in (from gone_profile);
delete from carried where profile in (from gone_profile);
delete from profile where profile in (from gone_profile);
delete from member where profile in (from gone_profile);
delete from holder where person in (select person from gone_person);
delete from person where person in (select person from gone_person);
"""


def mark(engine: Engine, identity: Identity, erased: Erased) -> bool:
    """Find the erased persons of a crosswalk, whatever their anchor is today; whether there are.

    Their anchors count as erased from then on.
    """
    names = ", ".join(map(text, identity.codes("name"))) or "''"
    carried = engine.arrow(_CARRIED.format(own=anchor_sql(identity, "holder.code"), names=names))
    gone = carried.filter(erased.anchored(carried.column("own").combine_chunks()))
    erased.also(map(erased.pseudonym, sorted(set(gone.column("anchor").to_pylist()))))
    engine.register("gone", gone)
    engine.run("create temp table gone_person as select distinct person from gone")
    engine.unregister("gone")
    return bool(gone.num_rows)


def remove(engine: Engine) -> None:
    """Take the erased persons out of a crosswalk that has answered all rows."""
    engine.run(_REMOVE)
