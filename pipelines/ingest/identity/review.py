"""Doubtful links, found for a person to decide: contested identifiers and likely pairs."""

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

_CONTESTED = """
with apart as (
    select pair.code, pair.a, pair.b, x.person as person_a, y.person as person_b, pair.verdict
    from pair
    inner join member as x on pair.a = x.profile
    inner join member as y on pair.b = y.profile
    where x.person <> y.person or pair.verdict = 'decided'
    qualify row_number() over (
        partition by pair.code, x.person, y.person order by pair.verdict = 'doubt' desc, a, b) = 1
),
sides as (
    select apart.code, apart.verdict,
        coalesce(list_filter(p.lifelong || p.numbers || p.others || p.mails,
            lambda i: i <> code)[1], p.name_code, code) as code_a,
        coalesce(list_filter(q.lifelong || q.numbers || q.others || q.mails,
            lambda i: i <> code)[1], q.name_code, code) as code_b,
        p.source || ' row ' || p.row_number as origin_a,
        q.source || ' row ' || q.row_number as origin_b
    from apart
    inner join profile as p on apart.a = p.profile
    inner join profile as q on apart.b = q.profile
    where not p.decided and not q.decided
)
select code, code_a, code_b, any_value(origin_a order by origin_a) as origin_a,
    any_value(origin_b order by origin_b) as origin_b
from sides
where code_a <> code_b and (
    verdict not in ('different', 'decided')
    or exists (from decision as d where d.code_a = sides.code_a and d.code_b = sides.code_b))
group by all order by all
"""
# Letters of other alphabets that look like Latin ones, and signs that look alike.
_LOOKS = ("аеорсухіјѕвкмнтνορτυαικ01|", "aeopcyxijsbkmhtvoptuaikoll")
_NEAR = """
create or replace temp table coded as
select distinct code, person, false as unknown from holder
union all
select distinct code, cast(null as bigint), true from unknown
where code not in (select code from holder);
create or replace temp table near as
with keyed as (
    select code, person, unknown, 'leading zeros' as kind, left(code, 2) || ltrim(code[3:], '0')
        as form
    from coded where left(code, 2) in ({numbers})
    union all
    select code, person, unknown, 'look-alike',
        left(code, 2) || translate(lower(strip_accents(code[3:])), {odd}, {plain})
    from coded where left(code, 2) in ({texts}) or left(code, 2) in ({names})
),
crowded as (
    select kind, form from keyed group by all
    having count(distinct code) between 2 and 6 and count(distinct coalesce(person, -1)) > 1
)
select distinct x.kind, least(x.code, y.code) as code_a, greatest(x.code, y.code) as code_b
from keyed as x
inner join keyed as y on x.kind = y.kind and x.form = y.form and x.code < y.code
inner join crowded as c on x.kind = c.kind and x.form = c.form
where (x.person is distinct from y.person)
    and (x.unknown or y.unknown or left(x.code, 2) not in ({names}))
    and not (x.unknown and y.unknown)
"""
# Two persons who may be one: the same local part of a mail, or one day of hire and one name in
# common; of those outside the master also a name that only two people carry.
_LIKELY = """
with described as (
    select member.person, person.in_master, person.first_seen,
        arg_min(p.name_code, p.profile) as name_code,
        arg_min((p.lifelong || p.numbers || p.others || p.mails)[1], p.profile) as code,
        list_distinct(flatten(list(list_transform(p.lifelong || p.numbers,
            lambda i: left(i, 2))))) as systems,
        list_distinct(flatten(list(p.mails))) as mails, min(list_min(p.starts)) as start
    from member
    inner join person on member.person = person.person
    inner join profile as p on member.profile = p.profile
    group by all
),
keys as (
    select person, 'mail before the @' as kind,
        string_split(unnest(mails)[3:], '@')[1] as key from described
    union
    select person, 'name and first day',
        cast(start as varchar) || unnest(string_split(name_code[3:], ' '))
    from described where start is not null
    union
    select person, 'name', name_code from described
),
few as (
    select kind, key from keys where key is not null group by all
    having count(*) between 2 and case when kind = 'name' then 2 else {few} end
),
met as (
    select x.kind, x.person as a, y.person as b
    from keys as x
    inner join few on x.kind = few.kind and x.key = few.key
    inner join keys as y on x.kind = y.kind and x.key = y.key and x.person < y.person
)
select met.kind, a.code as code_a, b.code as code_b, coalesce(a.name_code[3:], '') as name_a,
    coalesce(b.name_code[3:], '') as name_b
from met
inner join described as a on met.a = a.person
inner join described as b on met.b = b.person
where not list_has_any(a.systems, b.systems)
order by met.kind, code_a, code_b
"""


def cases(engine: Engine, identity: Identity) -> list[Case]:
    """Every doubtful link once, in a fixed order, with the decision that was taken."""
    names = list(identity.systems)
    decided = {
        (a, b): (decision, by, on)
        for a, b, decision, by, on in engine.rows("from decision order by all")
    }
    found: dict[tuple[str, str], Case] = {}
    for code, a, b, at, other in engine.rows(_CONTESTED):
        system = names[int(code[:2])]
        evidence = f"both carry {system} {code[2:]}: {at}, {other}"
        _add(found, decided, Case(f"contested {system}", min(a, b), max(a, b), evidence, 100))
    for code, profiles in engine.rows("from shared order by code"):
        system = names[int(code[:2])]
        evidence = f"{profiles} records carry it: nobody is known by it"
        _add(found, decided, Case(f"shared {system}", code, code, evidence, 0))
    engine.run(_near_sql(identity))
    for kind, a, b in engine.rows("from near order by all"):
        evidence = "the same but for zeros in front" if kind[0] == "l" and "z" in kind else ""
        evidence = evidence or "the same to the eye"
        _add(found, decided, Case(kind, a, b, evidence, 100))
    for case in _likely(engine):
        _add(found, decided, case)
    for case in _misspelt(engine, identity):
        _add(found, decided, case)
    return sorted(found.values(), key=lambda c: (c.kind, -c.score, c.code_a, c.code_b))


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


def _add(
    found: dict[tuple[str, str], Case],
    decided: dict[tuple[str, str], tuple[str, str, str]],
    case: Case,
) -> None:
    pair = (case.code_a, case.code_b)
    decision, by, on = decided.get(pair, ("", "", ""))
    told = Case(case.kind, *pair, case.evidence, case.score, decision, by, on)
    found.setdefault(pair, told)


def _near_sql(identity: Identity) -> str:
    def listed(*kinds: str) -> str:
        return ", ".join(map(text, identity.codes(*kinds))) or "''"

    return _NEAR.format(
        numbers=listed("number", "text"),
        texts=listed("text", "mail"),
        names=listed("name"),
        odd=text(_LOOKS[0]),
        plain=text(_LOOKS[1]),
    )


def _likely(engine: Engine) -> list[Case]:
    """Persons who agree in one thing and whose names are near; names absent: the thing alone."""
    rows = [row for row in engine.rows(_LIKELY.format(few=_FEW)) if row[1] and row[2]]
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
            found.append(Case(kind, min(a, b), max(a, b), evidence, 50 if nameless else near))
    return found


def _misspelt(engine: Engine, identity: Identity) -> list[Case]:
    """Names of nobody that are near the name of somebody who shares a word with them."""
    names = ", ".join(map(text, identity.codes("name"))) or "''"
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
