"""The moments of a panel as SQL alone, for any engine: people never leave the database.

The text keeps to what engines have in common: `case`, `coalesce`, `count`, `sum`, `max`, `avg`,
`group by` and a join. It gives what `fold` gives; the second reading of people, for panels that
hardly compress, has no such form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.compress import NEVER, Moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from analysis.compress import Block

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Select = Callable[[str], Sequence[Sequence[Any]]]

_WORD = 62  # periods whose bits fit one integer with a sign
_COLUMNS = 1_000  # sums of one statement; PostgreSQL selects 1,664 columns at most
_CENTRE = "select period, avg(value) from {panel} group by period"
_SUMS = """
with wide as (
    select person_no, {wide}
    from {panel}
    group by person_no
),

known as (
    select people.cohort, people.cell, {cluster} as cluster_no, {weight} as w,
        {months}, {outcomes}
    from wide
    inner join {people} as people on wide.person_no = people.person_no
)

select cohort, cell, cluster_no, {words}, {sums}
from known
group by cohort, cell, cluster_no, {words}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelTables:
    """A panel in a database, as SQL: tables, or queries in parentheses.

    ``panel`` has person_no, period from 0 and value, none of them null, and a person and period
    once; ``people`` has person_no, cohort (null for people who never start), cell and, where
    told, cluster and weight.
    """

    panel: str = "panel"
    people: str = "people"
    clustered: bool = False
    weighted: bool = False


def moments_in_sql(select: Select, tables: PanelTables, periods: Ints) -> Moments:
    """The moments of the panel; ``select`` runs a statement and gives its rows.

    One statement centres by the mean of each period, the others make a thousand sums each; rows
    may stand in any order. Raises ValueError on a panel without outcomes.
    """
    centre = np.zeros(len(periods))
    for period, mean in select(_CENTRE.format(panel=tables.panel)):
        centre[int(period)] = float(mean)
    words = -(-len(periods) // _WORD)
    found: dict[tuple[int, ...], list[float]] = {}
    for statement in _statements(tables, centre, words):
        for cohort, *row in select(statement):
            key = (NEVER if cohort is None else int(cohort), *(int(x) for x in row[: 2 + words]))
            found.setdefault(key, []).extend(float(x) for x in row[2 + words :])
    if not found:
        raise ValueError("a panel without outcomes has no moments")
    return _moments(found, tables, periods, centre)


def _statements(tables: PanelTables, centre: Floats, words: int) -> Iterator[str]:
    count = len(centre)
    wide = [
        f"max(case when period = {t} then value - cast('{float(c)!r}' as double precision) end)"
        f" as y{t}"
        for t, c in enumerate(centre)
    ]
    bits = [f"case when y{t} is null then 0 else {1 << t % _WORD} end" for t in range(count)]
    months = [
        f"cast({' + '.join(bits[k * _WORD : (k + 1) * _WORD])} as bigint) as months{k}"
        for k in range(words)
    ]
    sums = _sums(count, tables)
    for start in range(0, len(sums), _COLUMNS):
        yield _SUMS.format(
            panel=tables.panel,
            people=tables.people,
            wide=", ".join(wide),
            cluster="people.cluster" if tables.clustered else "0",
            weight="people.weight" if tables.weighted else "1",
            months=", ".join(months),
            words=", ".join(f"months{k}" for k in range(words)),
            outcomes=", ".join(f"coalesce(y{t}, 0) as y{t}" for t in range(count)),
            sums=", ".join(sums[start : start + _COLUMNS]),
        )


def _sums(periods: int, tables: PanelTables) -> list[str]:
    """People, sum of w, of w^2, of w y, of w^2 y and, without clusters, of w^2 y y'."""
    w, square = ("w * ", "w * w * ") if tables.weighted else ("", "")
    sums = ["count(*)", f"sum({w}1)", f"sum({square}1)"]
    sums += [f"sum({w}y{t})" for t in range(periods)]
    sums += [f"sum({square}y{t})" for t in range(periods)]
    if not tables.clustered:
        sums += [f"sum({square}y{i} * y{j})" for i in range(periods) for j in range(i + 1)]
    return sums


def _moments(
    found: dict[tuple[int, ...], list[float]], tables: PanelTables, periods: Ints, centre: Floats
) -> Moments:
    count, keys = len(periods), np.array(list(found), dtype=np.int64)
    words = keys[:, 3:]
    bits = [words[:, t // _WORD] >> t % _WORD & 1 for t in range(count)]
    observed = np.column_stack(bits).astype(bool)
    order = np.lexsort((*observed.T[::-1], keys[:, 2], keys[:, 1], keys[:, 0]))
    sums = np.array(list(found.values()))[order]
    cross = None
    if not tables.clustered:
        cross = np.empty((len(sums), count, count))
        i, j = np.tril_indices(count)
        cross[:, i, j] = cross[:, j, i] = sums[:, 3 + 2 * count :]
    return Moments(
        periods=periods,
        centre=centre,
        cohort=keys[order, 0],
        cell=keys[order, 1],
        cluster=keys[order, 2],
        observed=observed[order],
        people=sums[:, 0].astype(np.int64),
        weight=sums[:, 1],
        total=sums[:, 3 : 3 + count],
        square_weight=sums[:, 2],
        square_total=sums[:, 3 + count : 3 + 2 * count],
        cross=cross,
        clustered=tables.clustered,
        rows=_no_rows,
    )


def _no_rows() -> Iterator[Block]:
    raise ValueError("moments made in SQL cannot read people again")
