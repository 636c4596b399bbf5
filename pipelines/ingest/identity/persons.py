"""From profiles to persons: connected, checked for contradictions, each with a stable anchor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from pipelines.engine import quote_text as text

if TYPE_CHECKING:
    from pipelines.engine import Engine
    from pipelines.identity import Identity

# From level to level less joins the profiles of a person that contradicts itself: first all that
# is firm, then no mail, then only lifelong identifiers. What the owner decided always joins.
_EDGES = """
with contested as (select distinct code from pair where verdict in ('doubt', 'different'))
select
    a, b,
    case when verdict = 'decided' then 9 when left(code, 2) in ({lifelong}) then 2
        when left(code, 2) in ({mails}) then 0 else 1 end as strength
from pair
where verdict in ('firm', 'decided')
    or (verdict = 'weak' and code not in (select code from contested))
order by a, b, strength
"""
_CONTRADICTORY = """
with lifelong as (
    select member.person
    from member inner join carried on member.profile = carried.profile
    where left(carried.code, 2) in ({lifelong})
    group by member.person, left(carried.code, 2)
    having count(distinct carried.code) > 1
),
told as (
    select x.person
    from pair
    inner join member as x on pair.a = x.profile
    inner join member as y on pair.b = y.profile and x.person = y.person
    where pair.verdict in ('doubt', 'different')
),
numbered as (
    select member.person, carried.code, p.profile, p.lifelong, p.first_seen, p.last_seen,
        coalesce(p.valid_from, date '0001-01-01') as valid_from,
        coalesce(p.valid_to, date '9999-12-31') as valid_to
    from member
    inner join carried on member.profile = carried.profile
    inner join profile as p on member.profile = p.profile
    where left(carried.code, 2) in ({numbers}) and not p.decided
),
many as (
    select person from numbered group by person, left(code, 2) having count(distinct code) > 1
),
together as (
    select x.person
    from numbered as x
    inner join numbered as y
        on x.person = y.person and x.code < y.code and left(x.code, 2) = left(y.code, 2)
    where x.person in (select person from many)
        and not list_has_any(x.lifelong, y.lifelong)
        and x.profile <> y.profile
        and x.first_seen <= y.last_seen and y.first_seen <= x.last_seen
        and x.valid_from <= y.valid_to and y.valid_from <= x.valid_to
        and (x.code, y.code) not in
            (select (code_a, code_b) from decision where decision = 'same')
)
select person from lifelong union select person from told union select person from together
"""
# An identifier with several holders leads to one of them by date only when all of them are told
# apart for certain; otherwise it leads to nobody. It is a holder's from the first day that his
# records state; without one from their first delivery, or their end if that was before. Where that
# is one day for several, it tells nothing, and the deliveries do: whoever was delivered later holds
# it from that delivery on.
_HOLDERS = """
create table holder as
with held as (
    select code, profile from carried
    union
    select name_code, profile from profile where name_code is not null
),
spans as (
    select
        held.code, member.person, min(p.first_seen) as first_seen, max(p.last_seen) as last_seen,
        min(list_min(p.starts)) as start, bool_or(p.in_master) as in_master,
        coalesce(min(list_min(p.starts)), least(min(p.first_seen), min(p.valid_to))) as since,
        arg_min(p.profile, (p.first_seen, p.key)) as origin
    from held
    inner join member on held.profile = member.profile
    inner join profile as p on held.profile = p.profile
    group by held.code, member.person
),
doubtful as (
    select pair.code
    from pair
    inner join member as x on pair.a = x.profile
    inner join member as y on pair.b = y.profile and x.person <> y.person
    where pair.verdict <> 'different' or pair.together
    union
    select code from shared
),
dated as (
    select
        *,
        case
            when row_number() over (
                partition by code, since order by first_seen, last_seen, origin
            ) = 1 then since
            else greatest(since, first_seen)
        end as valid_from
    from spans
)
select
    code, person, first_seen, last_seen, start, in_master, origin,
    count(*) over (partition by code) as holders,
    code in (select code from doubtful) as doubtful,
    row_number() over in_turn as place,
    valid_from,
    lead(valid_from) over in_turn as valid_to
from dated
window in_turn as (partition by code order by valid_from, first_seen, last_seen, origin)
"""
# The anchor is the identifier seen first, so that it stays when later files add others; ties go
# to the system declared first. Of the first system it is the identifier as it stands. People with
# one such identifier are told apart by who was seen first, never by days, which may be corrected.
_ANCHORS = """
create table person as
with chosen as (
    select
        person, bool_or(in_master) as in_master, min(first_seen) as first_seen,
        arg_min(code, (first_seen, left(code, 2), code)) as code
    from holder
    where left(code, 2) not in ({names})
    group by person
),
numbered as (
    select chosen.person, chosen.in_master, chosen.first_seen, chosen.code,
        row_number() over (
            partition by chosen.code order by holder.first_seen, holder.origin) as place
    from chosen
    inner join holder on chosen.person = holder.person and chosen.code = holder.code
)
select person, in_master, first_seen, {anchor}
    || case when place > 1 then chr(31) || place else '' end as anchor
from numbered
"""


def connect(engine: Engine, identity: Identity) -> None:
    """Make ``member`` (profile -> person), ``holder`` and ``person`` from profiles and pairs."""
    profiles = engine.scalar("select count(*) from profile")
    codes = {
        "lifelong": _listed(identity.lifelong),
        "numbers": _listed(identity.numbers),
        "mails": _listed(identity.codes("mail")),
        "names": _listed(identity.codes("name")),
    }
    edges = engine.arrow(_EDGES.format(**codes))
    a, b, strength = (edges.column(i).to_numpy() for i in range(3))
    level = np.zeros(profiles, dtype=np.int8)
    for next_level in (1, 2, 3):
        kept = strength >= np.maximum(level[a], level[b]) if len(a) else np.zeros(0, bool)
        person = _components(profiles, a[kept], b[kept])
        _store(engine, person)
        if next_level == 3:
            break
        bad = [row[0] for row in engine.rows(_CONTRADICTORY.format(**codes))]
        if not bad:
            break
        level[np.isin(person, bad)] = next_level
    engine.run(_HOLDERS)
    engine.run(_ANCHORS.format(anchor=anchor_sql(identity, "code"), **codes))


def anchor_sql(identity: Identity, code: str) -> str:
    """SQL for the anchor that a code gives to its first holder."""
    names = ", ".join(map(text, identity.systems))
    other = f"[{names}][cast(left({code}, 2) as integer) + 1] || chr(31) || {code}[3:]"
    return f"case when left({code}, 2) = '00' then {code}[3:] else {other} end"


def _components(profiles: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The person of each profile: the number of its first profile."""
    if not profiles:
        return np.zeros(0, dtype=np.int64)
    graph = coo_matrix((np.ones(len(a), dtype=bool), (a, b)), shape=(profiles, profiles))
    _, label = connected_components(graph, directed=False)
    first = np.full(label.max() + 1, profiles, dtype=np.int64)
    np.minimum.at(first, label, np.arange(profiles))
    return first[label]


def _store(engine: Engine, person: np.ndarray) -> None:
    members = pa.table({"profile": np.arange(len(person), dtype=np.int64), "person": person})
    engine.register("members", members)
    engine.run("create or replace table member as select profile, person from members")
    engine.unregister("members")


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(map(text, codes)) or "''"
