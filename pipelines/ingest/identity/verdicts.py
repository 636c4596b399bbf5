"""What two profiles with a common identifier say of each other: one person, two, or doubtful.

An identifier is contested when any two of its profiles are not one person; then only what is
confirmed by a second thing joins, never the identifier alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.engine import quote_text as text

if TYPE_CHECKING:
    from pipelines.engine import Engine
    from pipelines.identity import Identity

# An identifier with more numbers and names than one person can have is nobody's: info@, hr@; so
# is one in more records than can be compared with each other.
SHARED, RECORDS = 20, 200

_FEATURES = """
create temp table feature as
with met as (
    select x.code, x.profile as a, y.profile as b
    from carried as x inner join carried as y on x.code = y.code and x.profile < y.profile
    where x.code not in (select code from shared)
)
select
    met.code, met.a, met.b, a.decided or b.decided as decided,
    a.first_seen <= b.last_seen and b.first_seen <= a.last_seen as seen_together,
    coalesce(a.valid_from, date '0001-01-01') <= coalesce(b.valid_to, date '9999-12-31')
        and coalesce(b.valid_from, date '0001-01-01') <= coalesce(a.valid_to, date '9999-12-31')
        as stated_together,
    list_has_any(a.lifelong, b.lifelong) as lifelong_same,
    list_has_any(list_transform(a.lifelong, lambda i: left(i, 2)),
        list_transform(b.lifelong, lambda i: left(i, 2))) as lifelong_both,
    list_has_any(list_filter(a.numbers || a.others, lambda i: i <> met.code),
        b.numbers || b.others) as number_same,
    list_has_any(list_transform(a.numbers, lambda i: left(i, 2)),
        list_transform(b.numbers, lambda i: left(i, 2))) as number_both,
    list_has_any(list_filter(a.mails, lambda i: i <> met.code), b.mails) as mail_same,
    len(a.mails) > 0 and len(b.mails) > 0 as mail_both,
    coalesce(a.name = b.name, false) as name_same,
    a.name is not null and b.name is not null as name_both,
    coalesce(list_has_any(string_split(a.name, ' '), string_split(b.name, ' ')), false)
        as name_near,
    list_has_any(a.starts, b.starts) as start_same,
    len(a.starts) > 0 and len(b.starts) > 0 as start_both
from met
inner join profile as a on met.a = a.profile
inner join profile as b on met.b = b.profile
"""
_BY_NUMBER = """
    when lifelong_same then 'firm'
    when lifelong_both and together then 'doubt'
    when lifelong_both then 'different'
    when mail_same or number_same or name_same then 'firm'
    when start_same and not seen_together then 'firm'
    when start_both and not start_same and (mail_both or name_both) then
        case when together or name_near or not name_both then 'doubt' else 'different' end
    when name_both and not name_near then 'doubt'
    when name_both and mail_both and seen_together then 'doubt'
    else 'weak'
"""
_BY_MAIL = """
    when lifelong_same then 'firm'
    when lifelong_both and together then 'doubt'
    when lifelong_both then 'different'
    when number_same then 'firm'
    when number_both and together then 'doubt'
    when name_both and not name_near then 'doubt'
    when name_same then 'firm'
    else 'weak'
"""


def judge(engine: Engine, identity: Identity) -> None:
    """Make the tables ``shared`` and ``pair``, one row a pair of profiles and common code."""
    engine.run(
        "create table shared as select code, count(*) as profiles "
        "from carried inner join profile using (profile) "
        f"where left(code, 2) not in ({_listed(identity.lifelong)}) group by code "
        f"having count(*) > {RECORDS} or count(*) > {SHARED} and "
        f"count(distinct hash(lifelong, numbers, name)) > {SHARED}"
    )
    engine.run(_FEATURES)
    lifelong = _listed(identity.lifelong)
    numbers = _listed(identity.numbers + identity.others)
    engine.run(
        f"""
create table pair as
with told as (select *, seen_together and stated_together as together from feature)
select
    code, a, b, together,
    case
        when decided then 'decided'
        when left(code, 2) in ({lifelong}) then 'firm'
        when left(code, 2) in ({numbers}) then case {_BY_NUMBER} end
        else case {_BY_MAIL} end
    end as verdict
from told
"""
    )
    engine.run("drop table feature")
    _decide(engine)


def _decide(engine: Engine) -> None:
    """Replace verdicts by what the owner decided about identifiers of the two profiles."""
    engine.run(
        """
create temp table settled as
with open as (select code, a, b from pair where verdict in ('doubt', 'different')),
sides as (
    select open.code, open.a, open.b, unnest(list_append(p.ids, p.name_code)) as side_a
    from open inner join profile as p on open.a = p.profile
)
select sides.code, sides.a, sides.b, any_value(d.decision order by d.decision) as decision
from sides
inner join decision as d on sides.side_a = d.code_a
inner join profile as q
    on sides.b = q.profile and list_contains(list_append(q.ids, q.name_code), d.code_b)
group by all
"""
    )
    engine.run(
        "update pair set verdict = case settled.decision when 'same' then 'decided' "
        "else 'different' end from settled "
        "where pair.code = settled.code and pair.a = settled.a and pair.b = settled.b"
    )


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(map(text, codes)) or "''"
