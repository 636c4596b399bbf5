"""Person-months as cells: the exact sums that a grouped model needs, kept by spell and cell.

Rows of a regression on person-months that share all columns have the same fitted chance, so their
number and the number of exits among them are all it needs (exact for coefficients; Holford 1980,
Biometrics 36:299-305). Scores by spell come from the same two sparse matrices, so errors can be
clustered by person without the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from analysis.exits.calendar import calendar_month
from analysis.exits.careers import KINDS
from analysis.exits.columns import code_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.exits.careers import Careers
    from analysis.exits.columns import Layout
    from analysis.exits.entries import Entries

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    _Narrow = NDArray[np.int32]

_ROWS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonMonths:
    """Cells (C, p) in ``design``; weights at risk and of exits by kind as matrices (n, C).

    ``exits`` is by code of ``KINDS``. ``treated`` (C,) marks cells of the treated arm.
    """

    design: Floats
    at_risk: sparse.csr_matrix
    exits: dict[int, sparse.csr_matrix]
    treated: NDArray[np.bool_]

    def exits_of(self, kinds: tuple[int, ...]) -> sparse.csr_matrix:
        """Exits of these kinds together, (n, C)."""
        found = [self.exits[k] for k in kinds if k in self.exits]
        empty = sparse.csr_matrix(self.at_risk.shape)
        return sum(found[1:], found[0]) if found else empty


def person_months(
    careers: Careers, entries: Entries, layout: Layout,
    weights: NDArray[np.float32] | None = None, *, exact_rows: bool = False,
) -> PersonMonths:  # fmt: skip
    """All person-months of these entries; ``weights`` (e, K) are ones unless given.

    ``exact_rows``: every person-month is a cell of its own.
    """
    hired = calendar_month(careers.hired)
    parts = []
    cuts = np.searchsorted(
        np.cumsum(entries.last), np.arange(0, max(entries.last.sum(), 1), _ROWS_AT_ONCE)
    )
    for first, end in zip(cuts, [*cuts[1:], len(entries)], strict=True):
        some = slice(first, end)
        parts.append(
            _part(entries.take(some), layout, hired, None if weights is None else weights[some])
        )
    codes, places = _numbered([p[:2] for p in parts], exact_rows=exact_rows)
    shape = (len(careers), len(codes))
    at_risk = sparse.csr_matrix(shape)
    exits: dict[int, sparse.csr_matrix] = {}
    for place, (_, _, row, weight, kind) in zip(places, parts, strict=True):
        at_risk = at_risk + _matrix(weight, row, place, shape)
        for code in range(1, len(KINDS)):
            left = kind == code
            if left.any():
                more = _matrix(weight[left], row[left], place[left], shape)
                exits[code] = exits[code] + more if code in exits else more
    pattern, month, tenure, band, arm = _decoded(codes, layout)
    return PersonMonths(
        design=layout.rows(pattern, month, tenure, band, arm),
        at_risk=at_risk,
        exits=exits,
        treated=arm == 1,
    )


def _numbered(parts: list[tuple[Ints, _Narrow]], *, exact_rows: bool) -> tuple[Ints, list[Ints]]:
    """The code of each cell, and of each part the cells of its person-months."""
    none = np.zeros(0, np.int64)
    if exact_rows:
        begins = np.cumsum([0, *(len(cell) for _, cell in parts)])
        places = [
            first + np.arange(len(cell)) for first, (_, cell) in zip(begins, parts, strict=False)
        ]
        return np.concatenate([none, *(own[cell] for own, cell in parts)]), places
    codes = np.unique(np.concatenate([none, *(own for own, _ in parts)]))
    return codes, [np.searchsorted(codes, own)[cell] for own, cell in parts]


def _matrix(
    weight: NDArray[np.float32], row: _Narrow, cell: Ints, shape: tuple[int, int]
) -> sparse.csr_matrix:
    return sparse.csr_matrix((weight.astype(np.float64), (row, cell)), shape=shape)


def _part(
    entries: Entries, layout: Layout, hired: Ints, weights: NDArray[np.float32] | None
) -> tuple[Ints, _Narrow, _Narrow, NDArray[np.float32], NDArray[np.int8]]:
    """Codes of cells, then of each person-month: cell, spell, weight and exit (narrow types)."""
    entry = np.repeat(np.arange(len(entries)), entries.last)
    begins = np.cumsum(entries.last) - entries.last
    since = np.arange(len(entry)) - begins[entry]
    month = entries.month[entry] + since
    row = entries.row[entry]
    pattern = layout.baseline.at(entries.row, entries.column)[entry]
    band, tenure = code_of(since + 1, layout.bands), layout.tenure_code(month - hired[row])
    code = pattern * _MONTHS + month
    code = (code * len(layout.tenures) + tenure) * len(layout.bands) + band
    cell, own = pd.factorize(2 * code + entries.treated[entry])
    one = np.ones(len(entry), dtype=np.float32)
    weight = one if weights is None else weights[entry, since]
    kind = np.where(since + 1 == entries.last[entry], entries.kind[entry], 0)
    return (
        np.asarray(own), cell.astype(np.int32), row.astype(np.int32), weight, kind.astype(np.int8)
    )  # fmt: skip


_MONTHS = 12 * 3000  # more than the calendar months there are


def _decoded(codes: Ints, layout: Layout) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    code, arm = np.divmod(codes, 2)
    code, band = np.divmod(code, len(layout.bands))
    code, tenure = np.divmod(code, len(layout.tenures))
    pattern, month = np.divmod(code, _MONTHS)
    return pattern, month, tenure, band, arm
