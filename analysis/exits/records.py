"""What the records of employment can tell: spells in days, when records begin, how far they reach.

Exits are on record from the first delivery on, or earlier where the files hold people who had
left before. They become known late: the follow-up ends where enough of them are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import SpecError
from analysis.exits.careers import KINDS, NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.exits.careers import Days
    from analysis.study import StudySpec

TWO_MONTHS, HALF_A_YEAR, YEAR = 61, 183, 365  # days
SEASONS = 3  # earlier years in which the same months are looked at
TOLD_BY = 20  # exits that must tell of a delay
_FIRST_EXITS = 0.01  # a single exit of long ago does not say that all are on record since


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Days between which exits are on record; ``delivered`` is the last delivery by the date.

    ``known``: the share of exits known at once and after two months; None where deliveries are too
    few to tell. ``fewer``: where they are, whether exits of the last two months are too few.
    """

    begin: int
    end: int
    delivered: int
    known: tuple[float, float] | None
    fewer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Spells:
    """One row an employment spell (n), sorted by person and hire; days as in Careers."""

    person_no: NDArray[np.int64]
    hired: Days
    exit: Days
    kind: NDArray[np.int64]
    notice: Days
    undated: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.person_no)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Spells:
        """Some of the rows, by number or mask."""
        return Spells(
            person_no=self.person_no[rows],
            hired=self.hired[rows],
            exit=self.exit[rows],
            kind=self.kind[rows],
            notice=self.notice[rows],
            undated=self.undated[rows],
        )


def to_days(dates: pd.Series[pd.Timestamp]) -> Days:
    """Days since 1970-01-01 (n,); ``NEVER`` where there is none."""
    values = pd.to_datetime(dates).to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(values), NEVER, values.astype(np.int64))


def to_date(day: int) -> str:
    """The date of a day: 2025-12-31."""
    return str(np.datetime64(day, "D"))


def read_records(spec: StudySpec, spells: pd.DataFrame, deliveries: pd.DataFrame) -> Records:
    """When records begin and end, from what their queries return.

    The follow-up ends on the last delivery up to which ``exits_known_warn`` of the exits are known.
    Where deliveries are too few to tell how late exits become known, it ends two months before the
    last one if significantly fewer people left in these than in the year before, and than is usual
    in these months, where earlier years are on record.
    """
    if deliveries.empty or spells.empty:
        raise SpecError(
            "as_of",
            "nothing is known of anybody's employment on this day",
            "Deliver hires and exits (table employment), or correct as_of.",
        )
    dates = to_days(deliveries["delivered_on"])
    exits = to_days(spells["exited_on"])
    seen = exits <= dates[-1]
    begin = int(dates[0])
    if seen.any():
        first = np.sort(exits[seen])[int(_FIRST_EXITS * (seen.sum() - 1))]
        begin = min(begin, int(first))
    inferred = spells["exit_inferred"].to_numpy(dtype=bool)
    known_on = to_days(spells["exit_known_on"])
    lags, limits = delays(exits[seen], known_on[seen], inferred[seen], dates)
    told = int((limits >= TWO_MONTHS).sum()) >= TOLD_BY
    p_value = _fewer_lately(to_days(spells["hired_on"]), exits, begin, int(dates[-1]))
    fewer = not told and p_value < spec.thresholds.exits_fewer_warn_p
    end = int(dates[-1]) - TWO_MONTHS if fewer else int(dates[-1])
    known = None
    if told:
        back = dates[-1] - dates
        shares = np.array([known_by(lags, limits, int(d)) for d in back])
        end = int(dates[shares >= spec.thresholds.exits_known_warn].max())
        known = (float(shares[-1]), known_by(lags, limits, TWO_MONTHS))
    return Records(begin=begin, end=end, delivered=int(dates[-1]), known=known, fewer=fewer)


def delays(
    exits: Days, known_on: Days, inferred: NDArray[np.bool_], deliveries: Days
) -> tuple[Days, Days]:
    """Days from the first delivery that could tell of an exit to the one that did, and to the last.

    Exits before the first delivery say nothing of delays. An exit without a day is dated to the
    last delivery that still had the person, so the next one is the first that could tell.
    """
    first = np.searchsorted(deliveries, exits, side="left")
    first[inferred] = np.searchsorted(deliveries, exits[inferred], side="right")
    kept = (first > 0) & (first < len(deliveries))
    could = deliveries[first[kept]]
    return np.maximum(known_on[kept] - could, 0), deliveries[-1] - could


def known_by(lags: Days, limits: Days, days: int) -> float:
    """Share of exits known ``days`` after the first delivery that could tell of them.

    Exits not known yet are not in the data, so short delays look too common; the product over
    delays, longest first, of the exits that could have been known as late corrects for it
    (Lagakos, Barraj and De Gruttola 1988, Biometrika 75:515-523). Delays of which fewer than
    ``TOLD_BY`` exits tell are left out.
    """
    share = 1.0
    for lag in np.unique(lags[lags > days]):
        could = int(((lags <= lag) & (limits >= lag)).sum())
        if could >= TOLD_BY:
            share *= 1 - int((lags == lag).sum()) / could
    return share


def _fewer_lately(hired: Days, exits: Days, begin: int, last: int) -> float:
    """The p-value that fewer people left in the last two months than is usual; 1 where nobody left.

    The larger of two, for exits that are not entered yet are missing from either comparison:
    with the year before, a binomial test given the days at work; and with what these months were
    beside the ten before them in up to ``SEASONS`` earlier years on record, since people leave less
    in some months than in others, and in some years. Given its margins a table of exits (now and
    earlier, two months and ten) has Fisher's noncentral hypergeometric distribution, whose odds
    are those of the days at work (Harkness 1965, Ann Math Stat 36:938-945).
    """
    middle = last - TWO_MONTHS
    late, late_days = _left(hired, exits, middle, last)
    year, year_days = _left(hired, exits, middle - YEAR, middle)
    if not (late + year) or not (late_days and year_days):
        return 1.0
    p_value = float(stats.binom.cdf(late, late + year, late_days / (late_days + year_days)))
    back = [round(365.25 * years) for years in range(1, SEASONS + 1)]
    back = [days for days in back if last - days - YEAR >= begin]
    if not back:
        return p_value
    ten, ten_days = _left(hired, exits, last - YEAR, middle)
    two, two_days = np.sum([_left(hired, exits, middle - d, last - d) for d in back], axis=0)
    rest, rest_days = np.sum(
        [_left(hired, exits, last - d - YEAR, middle - d) for d in back], axis=0
    )
    if not (two and rest and ten):
        return p_value
    odds = late_days / ten_days * rest_days / two_days
    table = stats.nchypergeom_fisher(late + ten + two + rest, late + two, late + ten, odds)
    return max(p_value, float(table.cdf(late)))


def _left(hired: Days, exits: Days, first: int, last: int) -> tuple[int, int]:
    """Exits after ``first`` up to ``last``, and days of employment of everybody together."""
    left = int(((exits > first) & (exits <= last)).sum())
    days = np.minimum(exits, last) - np.maximum(hired - 1, first)
    return left, int(np.maximum(days, 0).sum())


def read_spells(spells: pd.DataFrame, end: int) -> Spells:
    """The spells as seen by ``end``: later exits and notices have not happened.

    A notice stands where a voluntary exit is on record, be it announced; one that led to no exit
    within half a year was withdrawn.
    """
    exits, notice = to_days(spells["exited_on"]), to_days(spells["notice_on"])
    kinds = {name: code for code, name in enumerate(KINDS)}
    code = spells["exit_kind"].map(kinds).fillna(kinds["unknown"]).to_numpy(dtype=np.int64)
    seen = exits <= end
    resigned = (exits < NEVER) & (code == kinds["voluntary"])
    stands = resigned | ((exits == NEVER) & (notice > end - HALF_A_YEAR))
    return Spells(
        person_no=spells["person_no"].to_numpy(dtype=np.int64),
        hired=to_days(spells["hired_on"]),
        exit=np.where(seen, exits, NEVER),
        kind=np.where(seen, code, 0),
        notice=np.where(stands & (notice <= end), notice, NEVER),
        undated=spells["exit_inferred"].to_numpy(dtype=bool) & seen,
    )
