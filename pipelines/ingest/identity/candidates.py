"""Candidates for a link: identifiers that look alike, and persons who may well be one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz import fuzz, process, utils

from pipelines.engine import quote_text as text
from pipelines.ingest.identity.decisions import Case

if TYPE_CHECKING:
    from pipelines.engine import Engine
    from pipelines.identity import Identity

MIN_SCORE = 85
# Candidates are looked for among few: a mail's local part, or a day of hire and one name, that
# more people have says nothing.
_FEW = 5

# Letters of other alphabets that look like Latin ones, and signs that look alike.
_LOOKS = ("аеорсухіјѕвкмнтνορτυαικ01|", "aeopcyxijsbkmhtvoptuaikoll")
_NEAR = """
create or replace temp table coded as
select distinct code, person, false as unknown from holder
union all
select distinct code, cast(null as bigint), true from unknown
where code not in (select code from holder);
create or replace temp view keyed as
select code, person, unknown, 'leading zeros' as kind,
    hash(left(code, 2) || ltrim(code[3:], '0')) as form
from coded where left(code, 2) in ({numbers})
union all
select code, person, unknown, 'look-alike',
    hash(left(code, 2) || translate(lower(strip_accents(code[3:])), {odd}, {plain}))
from coded where left(code, 2) in ({texts})
    or left(code, 2) in ({names})
    and exists (from coded where unknown and left(code, 2) in ({names}));
create or replace temp table crowded as
select kind, form from keyed group by all having count(*) between 2 and 6;
create or replace temp table near as
with found as (select * from keyed where (kind, form) in (select (kind, form) from crowded))
select distinct x.kind, least(x.code, y.code) as code_a, greatest(x.code, y.code) as code_b
from found as x
inner join found as y on x.kind = y.kind and x.form = y.form and x.code < y.code
where (x.person is distinct from y.person)
    and (x.unknown or y.unknown or left(x.code, 2) not in ({names}))
    and not (x.unknown and y.unknown)
"""
# Two persons who may be one: the same local part of a mail, or one day of hire and one name in
# common; or a name that only two people carry. Two who both have a number of one system are not
# looked at, so one of them has none of the system that most people have. But where no source knew
# both at one time, one name and one first day point at a person who was given a new number.
_LIKELY = """
create or replace temp table lacking as
with systems as (
    select left(code, 2) as system, count(distinct person) as people from holder
    where left(code, 2) in ({numbers}) group by 1
)
select person from person where person not in (
    select person from holder
    where left(code, 2) = (select arg_max(system, (people, system)) from systems)
);
create or replace temp view keys as
select distinct
    member.person, 'mail before the @' as kind, string_split(mail.code[3:], '@')[1] as key
from carried as mail inner join member on mail.profile = member.profile
where left(mail.code, 2) in ({mails})
union all
select distinct member.person, 'name and first day',
    cast(start.day as varchar) || unnest(string_split(p.name, ' '))
from profile as p inner join member on p.profile = member.profile,
    lateral (select list_min(p.starts) as day) as start
where start.day is not null and p.name is not null
union all
select distinct member.person, 'name', p.name
from profile as p inner join member on p.profile = member.profile
where p.name is not null;
create or replace temp table asked_key as
select distinct kind, key from keys where person in (select person from lacking);
create or replace temp table met as
with found as (select * from keys where (kind, key) in (select (kind, key) from asked_key)),
few as (
    select kind, key from found group by all
    having count(*) between 2 and case when kind = 'name' then 2 else {few} end
)
select distinct x.kind, x.person as a, y.person as b, false as renumbered
from found as x
inner join few on x.kind = few.kind and x.key = few.key
inner join found as y on x.kind = y.kind and x.key = y.key and x.person < y.person;
insert into met
with told as (
    select distinct member.person, p.name, unnest(p.starts) as day
    from profile as p inner join member on p.profile = member.profile
    where p.name is not null and not p.decided
),
found as (
    select name, day, person from told
    qualify count(*) over (partition by name, day) between 2 and {few}
),
seen as (
    select member.person, min(p.first_seen) as first, max(p.last_seen) as last,
        list_distinct(list(p.source)) as sources,
        flatten(list(list_transform(p.lifelong, lambda i: left(i, 2)))) as lifelong
    from member inner join profile as p on member.profile = p.profile
    where member.person in (select person from found) and not p.decided
    group by member.person
)
select distinct 'name and first day', x.person, y.person, true
from found as x
inner join found as y on x.name = y.name and x.day = y.day and x.person < y.person
inner join seen as a on x.person = a.person
inner join seen as b on y.person = b.person
where not list_has_any(a.lifelong, b.lifelong)
    and (a.last < b.first or b.last < a.first or not list_has_any(a.sources, b.sources));
create or replace temp table described as
select
    member.person, arg_min(p.name, p.profile) as name,
    arg_min((p.lifelong || p.numbers || p.others || p.mails)[1], p.profile) as code,
    flatten(list(list_transform(p.lifelong || p.numbers || p.others, lambda i: left(i, 2))))
        as systems
from member inner join profile as p on member.profile = p.profile
where member.person in (select a from met union select b from met)
group by member.person
"""
_LIKELY_PAIRS = """
select met.kind, least(a.code, b.code), greatest(a.code, b.code), coalesce(a.name, ''),
    coalesce(b.name, '')
from met
inner join described as a on met.a = a.person
inner join described as b on met.b = b.person
where a.code is not null and b.code is not null
    and (met.renumbered or not list_has_any(a.systems, b.systems))
order by all
"""


def candidates(engine: Engine, identity: Identity) -> list[Case]:
    """Links that nothing proves, for a person to look at; a pair may be found more than once."""
    return [*_near(engine, identity), *_likely(engine, identity), *_misspelt(engine, identity)]


def lost_zeros(engine: Engine, identity: Identity) -> list[str]:
    """Advice for each system of numbers that would match if zeros in front were given back."""
    advice = []
    for name, system in identity.systems.items():
        if system.kind != "number" or system.width:
            continue
        width, ids = engine.rows(
            """
with codes as (select distinct code[3:] as id from coded where left(code, 2) = $code),
usual as (
    select cast(length(id) as integer) as width from codes where id like '0%'
    group by 1 order by count(*) desc, 1 desc limit 1
)
select max(width), count(distinct codes.id)
from codes, usual
where length(codes.id) < width and lpad(codes.id, width, '0') in (select id from codes)
""",
            {"code": identity.code(name)},
        )[0]
        if ids:
            advice.append(
                f"{ids} ids of {name} would match if padded to {width} digits: "
                f"declare width: {width}"
            )
    return advice


def _near(engine: Engine, identity: Identity) -> list[Case]:
    engine.run(_near_sql(identity))
    evidence = {
        "leading zeros": "the same but for zeros in front",
        "look-alike": "the same to the eye",
    }
    return [
        Case(kind, a, b, evidence[kind], 100)
        for kind, a, b in engine.rows("from near order by all")
    ]


def _near_sql(identity: Identity) -> str:
    return _NEAR.format(
        numbers=_listed(identity.codes("number", "text")),
        texts=_listed(identity.codes("text", "mail")),
        names=_listed(identity.codes("name")),
        odd=text(_LOOKS[0]),
        plain=text(_LOOKS[1]),
    )


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(map(text, codes)) or "''"


def _likely(engine: Engine, identity: Identity) -> list[Case]:
    """Persons who agree in one thing and whose names are near; names absent: the thing alone."""
    numbers = _listed(identity.lifelong + identity.numbers + identity.others)
    mails = _listed(identity.codes("mail"))
    engine.run(_LIKELY.format(few=_FEW, numbers=numbers, mails=mails))
    rows = engine.rows(_LIKELY_PAIRS)
    if not rows:
        return []
    names = [[row[i] for row in rows] for i in (3, 4)]
    score = process.cpdist(
        *names, scorer=fuzz.token_sort_ratio, processor=utils.default_process, dtype=np.uint8
    )
    found = []
    for (kind, a, b, name_a, name_b), near in zip(rows, score.tolist(), strict=True):
        nameless = kind.startswith("mail") and not (name_a and name_b)
        if nameless or near >= MIN_SCORE:
            evidence = f"the same {kind}" + ("" if nameless else f"; names {name_a} / {name_b}")
            kind = "likely one person"
            found.append(Case(kind, a, b, evidence, 50 if nameless else near))
    return found


def _misspelt(engine: Engine, identity: Identity) -> list[Case]:
    """Names of nobody that are near the name of somebody who shares a word with them."""
    names = _listed(identity.codes("name"))
    rows = engine.rows(
        f"""
with words as (
    select code, unknown, unnest(string_split(code[3:], ' ')) as word
    from coded where left(code, 2) in ({names})
),
few as (select word from words group by word having count(*) <= 1000)
select distinct x.code, y.code
from words as x inner join words as y on x.word = y.word
where x.unknown and not y.unknown and x.word in (select word from few)
order by all
"""
    )
    scored = [(a, b, round(fuzz.token_sort_ratio(a[2:], b[2:]))) for a, b in rows]
    evidence = "the names are near"
    return [
        Case("name of nobody", min(a, b), max(a, b), evidence, near)
        for a, b, near in scored
        if near >= MIN_SCORE
    ]
