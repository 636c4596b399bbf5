"""Doubtful links, found for a person to decide: contested identifiers and likely pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.ingest.identity.candidates import candidates
from pipelines.ingest.identity.decisions import Case

if TYPE_CHECKING:
    from pipelines.engine import Engine
    from pipelines.identity import Identity

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
        p.source || ' row ' || p.place as origin_a,
        q.source || ' row ' || q.place as origin_b
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
    for case in candidates(engine, identity):
        _add(found, decided, case)
    return sorted(found.values(), key=lambda c: (c.kind, -c.score, c.code_a, c.code_b))


def _add(
    found: dict[tuple[str, str], Case],
    decided: dict[tuple[str, str], tuple[str, str, str]],
    case: Case,
) -> None:
    pair = (case.code_a, case.code_b)
    decision, by, on = decided.get(pair, ("", "", ""))
    told = Case(case.kind, *pair, case.evidence, case.score, decision, by, on)
    found.setdefault(pair, told)
