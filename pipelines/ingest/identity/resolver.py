"""Which person an identifier of a delivered row means, on the day the row speaks of."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.engine import quote_text as text
from pipelines.ingest import file_names
from pipelines.ingest.identity.normal import (
    SEVERAL,
    UNKNOWN,
    clean_sql,
    code_sql,
    fault_sql,
    short_sql,
)
from pipelines.ingest.identity.persons import anchor_sql
from pipelines.ingest.rules import date_sql

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from pipelines.engine import Engine
    from pipelines.erasure.tombstones import Erased
    from pipelines.identity import Identity, UnknownPerson

# How an identifier is known.
MASTER, LINKED, ALONE = "in a master source", "by a link", "a person of its own"
_LOOKUP = """
create table known as
select
    holder.code, min(person.anchor) as anchor, bool_or(person.in_master) as in_master,
    bool_or(holder.in_master) as by_master, count(*) as holders,
    bool_or(holder.doubtful) as doubtful
from holder inner join person on holder.person = person.person
group by holder.code;
create table several as
select fits.short as code
from fits inner join holder on fits.issued = holder.code
group by fits.short having count(distinct holder.person) > 1;
create table unknown (system varchar, code varchar);
"""


class Resolver:
    """Looks identifiers up in the crosswalk; what it does not find is kept for the review."""

    def __init__(self, engine: Engine, identity: Identity, erased: Erased | None = None) -> None:
        self._engine, self._identity = engine, identity
        self._erased = erased
        self._names = identity.codes("name")
        self.counted: dict[str, Counter[str]] = {}
        self.repaired: Counter[str] = Counter()
        engine.run(_LOOKUP)

    def are_named(self, file: str) -> bool:
        """Whether the name of a file names somebody of the crosswalk."""
        return file_names.is_named(self._engine, self._identity, file)

    def resolve(
        self,
        system: str,
        texts: pa.Array,
        on: pa.Array | dt.date,
        unknown: UnknownPerson | None = None,
        counted_as: str = "",
    ) -> tuple[pa.Array, pa.Array]:
        """The anchor of each text's person on that day, and the rule it breaks, else null.

        A number without its zeros that fits several people has the rule and one of their anchors.
        ``unknown``: whether somebody the master does not hold is a person of its own;
        ``counted_as``: the column under which the cells are counted by their evidence.
        """
        coded = texts.dictionary_encode()
        self._engine.register("asked", _asked(coded.dictionary))
        self._engine.run(self._lookup_sql(system, unknown or self._identity.unknown))
        self._engine.unregister("asked")
        if self._erased:
            self._know_again(self._erased)
        found = self._engine.arrow(
            "select anchor, rule, dated, evidence, repaired from found order by k"
        )
        anchors, rules, dated, evidence, repaired = (c.combine_chunks() for c in found.columns)
        self.repaired[counted_as] += pc.sum(repaired.take(coded.indices)).as_py() or 0
        anchors, rules = anchors.take(coded.indices), rules.take(coded.indices)
        self._engine.run(
            "insert into unknown select $system, code from found "
            "where rule = $rule and code is not null",
            {"system": system, "rule": UNKNOWN},
        )
        if pc.any(dated).as_py():
            anchors, rules = self._by_date(coded, dated, anchors, rules, on)
        told = pc.coalesce(rules, evidence.take(coded.indices)).drop_null()
        counter = self.counted.setdefault(counted_as, Counter())
        for one in pc.value_counts(told).to_pylist():
            counter[one["values"]] += one["counts"]
        return anchors, rules

    def _know_again(self, erased: Erased) -> None:
        """Lead unknown identifiers of erased persons to them, whatever the link sources still say.

        Otherwise their rows would go to quarantine, and they themselves to the review.
        """
        found = self._engine.arrow("select k, who from found where rule = $1 order by k", [UNKNOWN])
        gone = found.filter(erased.anchored(found.column("who").combine_chunks()))
        self._engine.register("gone", gone)
        self._engine.run(
            "update found set anchor = who, rule = null where k in (select k from gone)"
        )
        self._engine.unregister("gone")

    def days(self, texts: pa.Array, forms: Sequence[str], pivot: int | None = None) -> pa.Array:
        """The dates in a text column by the first declared format that fits; else null."""
        self._engine.register("asked", _asked(texts))
        parsed = [date_sql("given", form, "id_date", month=True, pivot=pivot) for form in forms]
        found = self._engine.arrow(
            f"select coalesce({', '.join(parsed)}, null) as day from asked order by k"
        )
        self._engine.unregister("asked")
        return found.column("day").combine_chunks()

    def _lookup_sql(self, system: str, unknown: UnknownPerson) -> str:
        """SQL for the table ``found``, one row a distinct text."""
        own = anchor_sql(self._identity, "code")
        name = f"left(told.code, 2) in ({', '.join(map(text, self._names)) or text('')})"
        absent = "known.code is null"
        if unknown == "quarantine" and self._identity.master:
            absent = "not coalesce(known.in_master, false)"
        stranger = "true" if unknown == "quarantine" else name
        return f"""
create or replace temp table found as
with clean as (select k, {clean_sql("given")} as clean from asked),
told as (
    select k, {code_sql(self._identity, system, "clean")} as code,
        {fault_sql(self._identity, system, "clean")} as fault,
        coalesce({short_sql(self._identity, system, "clean")}, false) as short
    from clean
),
judged as (
    select told.k, told.code, known.anchor,
        told.short and several.code is not null as fits_several,
        told.short and known.code is not null as matched,
        case when known.code is null then {text(ALONE)} when known.by_master then {text(MASTER)}
            else {text(LINKED)} end as evidence,
        known.holders > 1 and not known.doubtful as dated,
        case
            when fault is not null then fault
            when fits_several or known.doubtful then {text(SEVERAL)}
            when known.holders > 1 then null
            when {absent} and {stranger} then {text(UNKNOWN)}
        end as rule
    from told
    left join known on told.code = known.code
    left join several on told.code = several.code
)
select k, code, rule, evidence, coalesce(anchor, {own}) as who,
    coalesce(dated, false) and rule is null as dated,
    matched and rule is null as repaired,
    case when rule is null then coalesce(anchor, {own}) when fits_several then anchor end as anchor
from judged
"""

    def _by_date(
        self,
        coded: pa.DictionaryArray,
        dated: pa.Array,
        anchors: pa.Array,
        rules: pa.Array,
        on: pa.Array | dt.date,
    ) -> tuple[pa.Array, pa.Array]:
        """Anchors and rules again for the rows whose identifier had several holders."""
        rows = pc.indices_nonzero(pc.fill_null(dated.take(coded.indices), False))
        days = on.take(rows) if isinstance(on, pa.Array) else pa.repeat(pa.scalar(on), len(rows))
        asked = {"i": rows, "k": coded.indices.take(rows).cast(pa.int64()), "day": days}
        self._engine.register("asked_on", pa.table(asked))
        found = self._engine.arrow(_dated_sql(self._names))
        self._engine.unregister("asked_on")
        at = pa.array(range(len(anchors)), pa.int64())
        place = pc.index_in(at, value_set=found.column("i").combine_chunks().cast(pa.int64()))
        again = pc.is_valid(place)
        picked = [found.column(c).combine_chunks().take(place) for c in ("anchor", "rule")]
        return pc.if_else(again, picked[0], anchors), pc.if_else(again, picked[1], rules)


def _asked(texts: pa.Array) -> pa.Table:
    return pa.table({"k": pa.array(range(len(texts)), pa.int64()), "given": texts})


def _dated_sql(names: tuple[str, ...]) -> str:
    """SQL for the holder on a day: of a number the latest, of a name the only one.

    Of holders from one day the last in turn counts, for whom the days of the others are none.
    """
    name = f"left(found.code, 2) in ({', '.join(map(text, names)) or text('')})"
    return f"""
with holders as (
    select
        asked_on.i, person.anchor, holder.valid_from, {name} as by_name,
        row_number() over (
            partition by asked_on.i
            order by
                case when {name} then holder.start is null or holder.start <= asked_on.day
                    else holder.valid_from <= asked_on.day end desc,
                abs(date_diff('day', holder.valid_from, asked_on.day)), holder.place desc
        ) as nearness,
        count(*) filter (where holder.start is null or holder.start <= asked_on.day)
            over (partition by asked_on.i) as carriers
    from asked_on
    inner join found on asked_on.k = found.k
    inner join holder on found.code = holder.code
    inner join person on holder.person = person.person
)
select
    i,
    case when not by_name or carriers = 1 then anchor end as anchor,
    case when by_name and carriers <> 1 then {text(SEVERAL)} end as rule
from holders where nearness = 1 order by i
"""
