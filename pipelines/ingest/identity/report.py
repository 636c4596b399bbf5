"""How the persons of a landing were found: counts only, never an identifier."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.engine import Engine
    from pipelines.identity import Identity
    from pipelines.ingest.identity.decisions import Case


_JOINED = """
select left(code, 2), verdict, count(*) from pair
where verdict in ('firm', 'decided') or (verdict = 'weak' and code not in
    (select code from pair where verdict in ('doubt', 'different')))
group by all order by all
"""


@dataclass(frozen=True)
class IdentityReport:
    """Persons, what joined their identifiers, what is doubtful, and advice on lost zeros.

    ``joined_by`` counts pairs of records by the identifier and how firmly it joins;
    ``unfit`` counts cells of link sources by system and rule, ``resolved`` cells of the rows that
    land by column and how their person is known, or by the rule they break; ``repaired`` those
    among them whose number was given its zeros back.
    """

    persons: int
    in_master: int
    identifiers: dict[str, int]
    joined_by: dict[str, int]
    doubtful: dict[str, int]
    decided: int
    unfit: dict[str, int]
    unknown: dict[str, int]
    resolved: dict[str, dict[str, int]]
    repaired: dict[str, int]
    advice: tuple[str, ...]

    def in_one_line(self) -> str:
        """The persons and what waits for a decision."""
        open_cases = sum(self.doubtful.values())
        return (
            f"identity: {self.persons:,} persons from {sum(self.identifiers.values()):,} "
            f"identifiers, {sum(self.unknown.values()):,} identifiers unknown, "
            f"{open_cases:,} doubtful links to review"
        )

    def as_dict(self) -> dict[str, Any]:
        """The counts as plain values."""
        return {**asdict(self), "advice": list(self.advice)}


def count(
    engine: Engine,
    identity: Identity,
    cases: list[Case],
    resolved: dict[str, Counter[str]],
    repaired: Counter[str],
    advice: list[str],
) -> IdentityReport:
    """The counts of a finished crosswalk."""
    names = list(identity.systems)

    def by_system(sql: str) -> dict[str, int]:
        found = {names[int(code)]: rows for code, rows in engine.rows(sql)}
        return {name: found[name] for name in names if name in found}

    joined = engine.rows(_JOINED)
    words = {"firm": "confirmed", "weak": "alone", "decided": "decided by review"}
    persons, in_master = engine.rows("select count(*), count_if(in_master) from person")[0]
    return IdentityReport(
        persons=persons,
        in_master=in_master,
        identifiers=by_system("select left(code, 2), count(distinct code) from holder group by 1"),
        joined_by={f"{names[int(code)]}, {words[how]}": rows for code, how, rows in joined},
        doubtful=dict(sorted(Counter(c.kind for c in cases if not c.decision).items())),
        decided=sum(bool(c.decision) for c in cases),
        unfit={
            f"{source}: {system}: {rule}": cells
            for source, system, rule, cells in engine.rows(
                "select source, system, rule, sum(cells) from unfit group by all order by all"
            )
        },
        unknown=by_system("select left(code, 2), count(distinct code) from unknown group by 1"),
        resolved={name: dict(sorted(resolved[name].items())) for name in sorted(resolved)},
        repaired={name: cells for name, cells in sorted(repaired.items()) if cells},
        advice=tuple(advice),
    )
