"""Columns of a model of exits: what a month of follow-up is described by.

Months of follow-up, tenure and calendar are bands and waves, so that few parameters say much and
person-months with the same description are one cell. Tenure is that of the month itself: hazards
peak at three months of it, and a year is where contracts end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.exits.calendar import MONTHS_A_YEAR, calendar_month

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.exits.careers import Careers
    from analysis.exits.entries import Entries

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FOLLOW_UP_FROM = np.array([1, 4, 7, 13, 25, 37, 61])  # months since time zero at which bands begin
TENURE_FROM = np.array([0, 3, 6, 9, 12, 13, 24, 60])  # months
FEWEST = 20  # people without whom a band, a year or a category has no column of its own
_CODES = 2**62
_HARMONICS = (1, 2)  # a year, half a year
_CURVED_FROM = 3  # groups of a number from which on its square is a column as well


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Covariates as patterns: ``pattern`` (n, 1 or months) numbers rows of ``values`` (P, q).

    ``fading``: columns of what changes from month to month. What was known of it at the baseline
    of a trial says less and less, so these have a second column that grows with the months since.
    """

    pattern: Ints
    values: Floats
    names: tuple[str, ...]
    fading: tuple[int, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything changes from month to month."""
        return int(self.pattern.shape[1]) > 1

    def at(self, row: Ints, column: Ints) -> Ints:
        """The pattern of these spells in these months of the careers."""
        return np.asarray(self.pattern[row, column if self.changes else 0])


def baseline_of(careers: Careers) -> Baseline:
    """The covariates of all spells and months."""
    width = max((c.codes.shape[1] for c in careers.covariates), default=1)
    code = np.zeros((len(careers), width), dtype=np.int64)
    for covariate in careers.covariates:
        kinds = len(covariate.labels) + 1
        if int(code.max(initial=0)) >= _CODES // kinds:  # so many covariates: number what there is
            code = np.unique(code, return_inverse=True)[1].reshape(code.shape)
        code = code * kinds + covariate.codes + 1
    _, where, pattern = np.unique(code, return_index=True, return_inverse=True)
    columns: list[Floats] = []
    names: list[str] = []
    changes: list[bool] = []
    for covariate in reversed(careers.covariates):
        own = np.broadcast_to(covariate.codes, code.shape).ravel()[where].astype(np.int64)
        made = _described(covariate.scores, own, covariate.labels, covariate.codes)
        columns = [*made.values(), *columns]
        names = [*(f"{covariate.name}{n}" for n in made), *names]
        changes = [covariate.codes.shape[1] > 1] * len(made) + changes
    values = np.column_stack(columns) if columns else np.zeros((len(where), 0))
    return Baseline(
        pattern=pattern.reshape(code.shape),
        values=values,
        names=tuple(names),
        fading=tuple(np.flatnonzero(changes).tolist()),
    )


def _described(
    scores: tuple[float, ...] | None, own: Ints, labels: tuple[str, ...], codes: NDArray[np.int16]
) -> dict[str, Floats]:
    """Columns (P,) of one covariate: score and square, or a dummy a category.

    Categories of few people count as the largest one, as does what is missing of few.
    """
    columns: dict[str, Floats] = {}
    missing = own < 0
    if scores is not None:
        score = np.array(scores)
        spread = float(score.std()) or 1.0
        value = np.where(missing, 0.0, (score[own.clip(0)] - score.mean()) / spread)
        columns[""] = value
        if len(np.unique(score)) >= _CURVED_FROM:
            columns[" squared"] = value**2
    else:
        people = [int((codes == code).any(axis=1).sum()) for code in range(len(labels))]
        for code in range(len(labels)):
            if code != int(np.argmax(people)) and people[code] >= FEWEST:
                columns[f"={labels[code]}"] = (own == code).astype(float)
    if int((codes < 0).any(axis=1).sum()) >= FEWEST:
        columns[" missing"] = missing.astype(float)
    return columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What columns there are: bands of follow-up and tenure, years, and the baseline.

    ``bands``: months since time zero at which each band begins; ``tenures``: months of tenure.
    Tenures are compared with those of band ``usual``, the one with most people. Years are those
    with enough people at risk; months beyond count as in the nearest.
    """

    baseline: Baseline
    bands: Ints
    tenures: Ints
    usual: int
    first_year: int
    last_year: int

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order; effect columns come last."""
        return (
            "constant",
            *(f"months from {b}" for b in self.bands[1:]),
            *(f"tenure from {t}" for i, t in enumerate(self.tenures) if i != self.usual),
            *(f"year {y}" for y in range(self.first_year + 1, self.last_year + 1)),
            *(f"season {wave}{h}" for h in _HARMONICS for wave in ("sin", "cos")),
            *self.baseline.names,
            *(f"{self.baseline.names[j]}, later" for j in self.baseline.fading),
            *(f"effect from month {b}" for b in self.bands),
        )

    def rows(self, pattern: Ints, month: Ints, tenure: Ints, band: Ints, treated: Ints) -> Floats:
        """Columns (r, p) of rows: codes of bands, calendar month, pattern, arm (0 or 1)."""
        others = [code for code in range(len(self.tenures)) if code != self.usual]
        year = np.clip(month // MONTHS_A_YEAR, self.first_year, self.last_year)
        values = self.baseline.values[pattern]
        angle = 2 * np.pi * (month % MONTHS_A_YEAR) / MONTHS_A_YEAR
        return np.column_stack(
            [
                np.ones(len(pattern)),
                *((band == code) for code in range(1, len(self.bands))),
                *((tenure == code) for code in others),
                *((year == y) for y in range(self.first_year + 1, self.last_year + 1)),
                *(wave(h * angle) for h in _HARMONICS for wave in (np.sin, np.cos)),
                values,
                values[:, list(self.baseline.fading)] * band[:, None],
                *((band == code) * treated for code in range(len(self.bands))),
            ]
        )

    def tenure_code(self, months: Ints) -> Ints:
        """The band of each tenure in months."""
        return code_of(np.maximum(months, 0), self.tenures)

    @property
    def covariates(self) -> range:
        """The columns of covariates."""
        end, baseline = self.effects.start, self.baseline
        return range(end - len(baseline.names) - len(baseline.fading), end)

    @property
    def effects(self) -> slice:
        """The effect columns."""
        return slice(len(self.names) - len(self.bands), len(self.names))


def layout_of(careers: Careers, entries: Entries, baseline: Baseline) -> Layout:
    """The layout that these entries need: bands and years with few people join their neighbour."""
    first = entries.month - calendar_month(careers.hired)[entries.row]
    last = entries.last.clip(1) - 1

    def people(lowest: Ints | int, highest: Ints | int, low: int, high: int) -> int:
        """Spells at risk at some value from ``low`` on and below ``high``."""
        inside = (entries.last > 0) & (lowest < high) & (highest >= low)
        return len(np.unique(entries.row[inside]))

    tenures = [0, *TENURE_FROM[1:].tolist()]
    place = 0
    while place < len(tenures) and len(tenures) > 1:
        until = tenures[place + 1] if place + 1 < len(tenures) else 2**31
        if people(first, first + last, tenures[place], until) >= FEWEST:
            place += 1
        else:  # the boundary to the next band goes, in the last band the one before
            del tenures[min(place + 1, len(tenures) - 1)]
            place = min(place, len(tenures) - 1)
    sizes = [
        people(first, first + last, a, b)
        for a, b in zip(tenures, [*tenures[1:], 2**31], strict=True)
    ]
    begins, ends = entries.month // MONTHS_A_YEAR, (entries.month + last) // MONTHS_A_YEAR
    years = range(int(begins.min(initial=2**31)), int(ends.max(initial=0)) + 1)
    used = [y for y in years if people(begins, ends, y, y + 1) >= FEWEST] or [*years][:1] or [0]
    return Layout(
        baseline=baseline,
        bands=FOLLOW_UP_FROM[entries.months >= FOLLOW_UP_FROM],
        tenures=np.array(tenures),
        usual=int(np.argmax(sizes)),
        first_year=used[0],
        last_year=used[-1],
    )


def code_of(values: Ints, begins: Ints) -> Ints:
    """The band of each value, from the values at which bands begin."""
    return np.searchsorted(begins, values, side="right") - 1
