"""Why a released number changed: the difference of two headlines, split exactly over its causes.

The causes are switched from the first run's version to the second's one after the other. What a
cause contributes is the headline after its switch less the headline before it, so contributions
telescope: they add up to the whole difference, whatever the order. The order decides how much of
an interaction goes to which cause, so each is shown in another order beside.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.rules import Rules

People = frozenset[str]
Checks = dict[tuple[str, str], str]  # name and label of a check: its status

# Causes in the order in which they are switched, and how they are called.
CAUSES = {
    "code": "code of mentorlift, or versions of its packages",
    "study": "the study as written",
    "settings": "settings of the project (smallest group, limits of checks, transfers, rows)",
    "mapping": "how files are read (columns, words, scales)",
    "identity": "who is who (identity)",
    "reasons": "recoded exit reasons",
    "exits": "late, back-dated or withdrawn exits",
    "values": "corrected or late values",
    "records": "other records of the past, restated or late",
    "new_time": "new time at risk: later months, and what is new in them",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A headline as it may be shown (None: it may not, and ``why``), with grade and checks.

    ``estimate`` is in the unit of the analysis.
    """

    estimate: float | None
    grade: str = ""
    why: str = ""
    checks: Checks = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What a cause touches: rows and people in the records, people whose part in the study moves.

    ``moved`` are the pseudonyms of people who enter or leave what is compared, or of whom other
    figures enter it, in either order; they never leave this module. None: rows are not what
    changes.
    """

    rows: int | None
    people: int
    moved: People


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckChange:
    """The status of a check before and after a cause; empty where the check does not apply."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one cause, or several that cannot be shown apart, contributes.

    ``contribution`` and ``other_order`` are in the unit of the analysis, ``printed`` is the
    contribution as rounded so that all add up; all are None where a headline is not shown.
    ``people`` and ``rows`` are as they may be shown.
    """

    causes: tuple[str, ...]
    contribution: float | None
    other_order: float | None
    people: str
    rows: str
    checks: tuple[CheckChange, ...]
    printed: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Why the headline of one study differs between two runs.

    ``parts`` add up to the difference; they have no figures where there is none to split
    (``why_not``), and are empty where nothing has changed or a run did not answer the study.
    ``unit`` is that of the analysis, ``places`` the decimals of what is printed, which is
    ``factor`` times the unit.
    """

    study: str
    unit: str
    before: State | None
    after: State | None
    parts: tuple[Part, ...] = ()
    checks: tuple[CheckChange, ...] = ()
    why_not: tuple[str, ...] = ()
    factor: float = 1.0
    places: int = 2


def split(
    path: Sequence[tuple[str, State]],
    other: Mapping[str, float | None],
    touched: Mapping[str, Touched],
    rules: Rules,
) -> tuple[Part, ...]:
    """The parts of a path; their contributions add up to its last estimate less its first.

    ``path``: the first state under the name "", then each cause with the state after its switch;
    a cause may stand twice. States between that may not be shown are not told by differences
    either: the causes around them make one part. Where the first or the last may not be shown there
    are parts without figures. ``other`` has
    contributions in another order. In protected projects a cause that moves fewer people than may
    be shown is told together with others, until there are enough or nothing is left beside.
    """
    ends = (path[0][1], path[-1][1])
    told = all(state.estimate is not None for state in ends)
    parts = _between_shown(path, told=told)
    if rules.mode == "protected":
        parts = _pooled(parts, touched, rules.min_group)
    return tuple(_part(edges, other if told else None, touched, rules) for edges in parts)


_Edge = tuple[str, State, State]
_Edges = list[_Edge]


def _between_shown(path: Sequence[tuple[str, State]], *, told: bool) -> list[_Edges]:
    """Steps of the path, each with those it cannot be told apart from."""
    parts: list[_Edges] = []
    before = path[0][1]
    for cause, after in path[1:]:
        if told and before.estimate is None:
            parts[-1].append((cause, before, after))
        else:
            parts.append([(cause, before, after)])
        before = after
    for cause, times in Counter(cause for cause, _ in path).items():
        if times > 1:  # both ends of one cause are one contribution
            own = [p for p in parts if any(edge[0] == cause for edge in p)]
            parts = _joined(parts, own)
    return parts


def _joined(parts: list[_Edges], some: list[_Edges]) -> list[_Edges]:
    """The parts with some of them made one, in the place of the first."""
    if len(some) < 2:
        return parts
    made = [edge for part in some for edge in part]
    return [made if part is some[0] else part for part in parts if part not in some[1:]]


def _moved(part: _Edges, touched: Mapping[str, Touched]) -> People:
    sets = [touched[cause].moved for cause, _, _ in part if cause in touched]
    return frozenset().union(*sets)


def _pooled(parts: list[_Edges], touched: Mapping[str, Touched], min_group: int) -> list[_Edges]:
    """Parts that move too few people made one with others, until enough are moved together.

    A part that moves nobody hides nobody: it does not help.
    """
    people = [_moved(part, touched) for part in parts]
    pool = [i for i, p in enumerate(people) if 0 < len(p) < min_group]
    if not pool:
        return parts
    union = frozenset().union(*(people[i] for i in pool))
    large = sorted((len(p), -i) for i, p in enumerate(people) if len(p) >= min_group)
    if len(union) < min_group:
        pool = sorted([*pool, -large[0][1]]) if large else [*range(len(parts))]
    return _joined(parts, [parts[i] for i in pool])


def _part(
    edges: _Edges,
    other: Mapping[str, float | None] | None,
    touched: Mapping[str, Touched],
    rules: Rules,
) -> Part:
    causes = tuple(dict.fromkeys(cause for cause, _, _ in edges))
    known = [touched[cause] for cause in causes if cause in touched]
    moved = len(_moved(edges, touched))
    rows = [t.rows for t in known if t.rows is not None]
    hidden = rules.hides(*(t.people for t in known if t.people))
    elsewhere = [other.get(cause) if other is not None else None for cause in causes]
    return Part(
        causes=causes,
        contribution=None if other is None else _along(edges),
        other_order=None if None in elsewhere else math.fsum(v or 0.0 for v in elsewhere),
        people=rules.text(moved),
        rows="" if not rows else "few" if hidden else f"{rules.count(sum(rows)) or 0:,}",
        checks=checks_changed([(before.checks, after.checks) for _, before, after in edges]),
    )


def _along(edges: _Edges) -> float:
    """Sum of what the steps add; states between that have no estimate cancel out."""
    ends = [sign * s.estimate for _, b, a in edges for sign, s in ((-1, b), (1, a)) if s.estimate]
    return math.fsum(ends)


def checks_changed(pairs: Sequence[tuple[Checks, Checks]]) -> tuple[CheckChange, ...]:
    """Checks that begin or cease to count against the claim, or count otherwise, in their order.

    Each pair has the checks before and after.
    """
    found = [
        CheckChange(label=key[1], before=before.get(key, ""), after=after.get(key, ""))
        for before, after in pairs
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
        and {"warn", "fail"} & {before.get(key), after.get(key)}
    ]
    return tuple(found)


def rounded_to_sum(values: Sequence[float], total: float, places: int) -> tuple[float, ...]:
    """The values rounded so that they add up to ``total``, by largest remainder.

    ``total`` is a number of ``places`` decimals. Each is rounded down, and what is missing goes, a
    last digit each, to those that lost most. A rounded total may differ from the sum of exact
    values by more than a digit a value; what then remains is spread in the same order again.
    """
    unit = 10.0**places
    floors = [math.floor(v * unit) for v in values]
    missing = round(total * unit) - sum(floors)
    order = sorted(range(len(values)), key=lambda i: (floors[i] - values[i] * unit, i))
    if missing < 0:
        order.reverse()
    for place in range(abs(missing) if values else 0):
        floors[order[place % len(order)]] += 1 if missing > 0 else -1
    return tuple(f / unit for f in floors)
