"""Do mentors stay longer? Exits, month by month, of people who may mentor.

Whoever is asked to mentor is there to be asked, and is chosen; so mentors have always left less
often. Exposure is having *started*, known before the month begins, never mentoring now: who is
about to leave gets no mentee. What is left is still who is chosen, hence an association.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from analysis.beyond.mentor_months import eligible_sql
from analysis.beyond.spec import MENTORS
from analysis.errors import SpecError
from analysis.estimate import Estimate, NotEstimable, Target
from analysis.estimators.hazard import fit_hazard
from analysis.estimators.sample import dummies
from analysis.exits.careers import KINDS, NEVER
from analysis.exits.query import deliveries_query, spells_query
from analysis.exits.records import read_records, read_spells, to_days
from analysis.figures import RATIO
from analysis.funnel import Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from analysis.estimate import Result
    from analysis.exits.records import Records, Spells
    from analysis.study import StudySpec

    Ints = NDArray[np.int64]

TENURE_BANDS = (6, 12, 24, 60)  # months of tenure at which the hazard may change
STARTED = "hazard of leaving in months after a first mentee, against months before or without"
EVER = "people who ever mentor against others who could, as one would have concluded"
_HOW = "complementary log-log, months of people as cells, inverse expected information"


def eligible_query(spec: StudySpec) -> Query:
    """SQL for (person_no, valid_from, valid_to, department, level) of jobs that may mentor."""
    where, values = eligible_sql(spec, "j")
    sql = f"""
select j.person_no, j.valid_from, least(j.valid_to, date '2200-01-01') as valid_to, j.department,
    j.level
from marts.job_history as j
where j.known_from <= ? and j.known_to > ? and {where}
order by j.person_no, j.valid_from
"""
    return Query(sql, (spec.as_of, spec.as_of, *values))


def first_mentees_query(spec: StudySpec) -> Query:
    """SQL for (person_no, first_on): the first match of each mentor, in any programme."""
    sql = """
select mentor_no as person_no, min(matched_on) as first_on
from staging.match
where mentor_no is not null and matched_on <= ? and known_from <= ? and known_to > ?
group by mentor_no
order by mentor_no
"""
    return Query(sql, (spec.as_of, spec.as_of, spec.as_of))


def mentor_exits(spec: StudySpec, read: Callable[[Query], pd.DataFrame]) -> tuple[Result, ...]:
    """Hazard ratios of exits of the study's kind among people who may mentor."""
    spells = read(spells_query(spec))
    records = read_records(spec, spells, read(deliveries_query(spec)))
    months = person_months(
        spec,
        records,
        read_spells(spells, records.end),
        read(eligible_query(spec)),
        read(first_mentees_query(spec)),
    )
    return exit_ratios(spec, months)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonMonths:
    """Months at risk (n,) of people who may mentor, on the first day of each."""

    person: Ints
    month: Ints  # since 1970
    department: Ints
    level: Ints
    tenure: Ints
    started: NDArray[np.bool_]
    ever: NDArray[np.bool_]
    left: NDArray[np.bool_]


def person_months(
    spec: StudySpec, records: Records, spells: Spells, jobs: pd.DataFrame, first: pd.DataFrame
) -> PersonMonths:
    """Whole months between which exits are on record, of people employed and eligible on day one.

    An exit counts in the month of its notice where that is on record. Raises SpecError where
    nobody may mentor.
    """
    frame = _together(spells, jobs, first)
    job_from, job_to = to_days(frame["valid_from"]), to_days(frame["valid_to"])
    hired, exits = frame["hired"].to_numpy(), frame["exit"].to_numpy()
    begins = _first_month(np.maximum(np.maximum(hired, job_from), records.begin))
    # the last month that begins while employed in this job and ends on record
    last = np.minimum(np.minimum(exits, job_to - 1), records.end)
    ends = np.minimum(_month(last), _month(np.array(records.end + 1)) - 1)
    row, month = _expanded(begins, ends)
    if not len(row):
        raise SpecError(
            "mentors",
            "nobody who may mentor was employed while exits are on record",
            "Check levels, departments and sites against the jobs delivered.",
        )
    tenure = month - _month(hired)[row]
    kept = tenure >= (spec.mentors.tenure_from if spec.mentors else 0)
    row, month, tenure = row[kept], month[kept], tenure[kept]
    mentee = _month(to_days(frame["first_on"]))[row]
    wanted = spec.outcome.metric
    kind = frame["kind"].to_numpy()[row]
    of_kind = kind > 0 if wanted == "any" else kind == KINDS.index(wanted)
    return PersonMonths(
        person=frame["person_no"].to_numpy(dtype=np.int64)[row],
        month=month,
        department=_codes(frame["department"])[row],
        level=_codes(frame["level"])[row],
        tenure=tenure,
        started=mentee < month,
        ever=to_days(frame["first_on"])[row] < NEVER,
        left=of_kind & (_month(exits)[row] == month),
    )


def _together(spells: Spells, jobs: pd.DataFrame, first: pd.DataFrame) -> pd.DataFrame:
    """A row for each spell and job of a person, with the first day of their first match."""
    frame = pd.DataFrame(
        {
            "person_no": spells.person_no,
            "hired": spells.hired,
            "exit": np.minimum(spells.exit, spells.notice),
            # who has given notice and is still there has left, as far as choosing goes
            "kind": np.where((spells.kind == 0) & (spells.notice < NEVER), 1, spells.kind),
        }
    ).merge(jobs, on="person_no")
    return frame.merge(first, on="person_no", how="left")


def exit_ratios(spec: StudySpec, months: PersonMonths) -> tuple[Result, ...]:
    """The hazard ratio after a first mentee, adjusted; and the raw one of ever mentoring."""
    band = np.searchsorted(TENURE_BANDS, months.tenure, side="right")
    quarter = months.month // 3
    controls = (quarter, band, months.level, months.department)
    return (
        _ratio(spec, months, "exits", STARTED, "Adjusted for quarter, tenure, level, department",
               months.started, controls),
        _ratio(spec, months, "exits_raw", EVER, "Raw hazard ratio", months.ever, ()),
    )  # fmt: skip


def _ratio(
    spec: StudySpec,
    months: PersonMonths,
    name: str,
    estimand: str,
    estimator: str,
    exposed: NDArray[np.bool_],
    controls: tuple[Ints, ...],
) -> Result:
    target = Target(
        name=f"{MENTORS}{name}", role="association", estimand=estimand, estimator=estimator,
        arm=spec.arms.treated[0], comparison=spec.arms.comparison,
        window=spec.follow_up.primary, unit=RATIO,
    )  # fmt: skip
    design, counted, events = _cells(exposed, controls, months.left)
    who = design[:, 1]
    if not events[who > 0].sum() or not events[who == 0].sum():
        return NotEstimable(target=target, reason="nobody of one side left in this way")
    fitted = fit_hazard(design, counted, events, "cloglog")
    if isinstance(fitted, str):
        return NotEstimable(target=target, reason=fitted)
    b, error = float(fitted.coefficients[1]), float(np.sqrt(fitted.bread[1, 1]))
    half = float(stats.norm.ppf(0.975)) * error
    mentors = len(np.unique(months.person[exposed]))
    return Estimate(
        target=target,
        estimate=float(np.exp(b)),
        std_error=float(np.exp(b)) * error,
        ci_low=float(np.exp(b - half)),
        ci_high=float(np.exp(b + half)),
        p_value=float(2 * stats.norm.sf(abs(b) / error)),
        df=float(events.sum()) - design.shape[1],
        n_treated=mentors,
        n_comparison=len(np.unique(months.person[~exposed])),
        n_rows=len(months.person),
        convention=_HOW,
        # as of curves: no figure on fewer people who left
        n_smallest=int(min(events[who > 0].sum(), events[who == 0].sum())),
        n_both=len(np.intersect1d(months.person[exposed], months.person[~exposed])),
    )


def _cells(
    exposed: NDArray[np.bool_], controls: tuple[Ints, ...], left: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Constant, exposure and controls of equal months (c, p), months and exits (c,) of each."""
    keys = pd.DataFrame({"exposed": exposed, **{str(i): c for i, c in enumerate(controls)}})
    grouped = keys.assign(left=left).groupby([*keys.columns])["left"]
    cells = grouped.agg(["size", "sum"]).reset_index()
    events = cells["sum"].to_numpy(dtype=float)
    parts = [dummies(_common_first(cells[str(i)], events)) for i in range(len(controls))]
    first = [np.ones(len(cells)), cells["exposed"].to_numpy(dtype=float)]
    return np.column_stack([*first, *parts]), cells["size"].to_numpy(dtype=float), events


def _common_first(codes: pd.Series[int], events: NDArray[np.float64]) -> Ints:
    """The same codes, the one with most exits first: the reference needs some."""
    values, place = np.unique(codes.to_numpy(), return_inverse=True)
    exits = np.bincount(place, weights=events, minlength=len(values))
    order = np.argsort(-exits, kind="stable")
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(values))
    return np.asarray(rank[place], dtype=np.int64)


def _expanded(begins: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Row and month of every month from begin to end, both included."""
    length = np.maximum(ends - begins + 1, 0)
    row = np.repeat(np.arange(len(begins)), length)
    start = np.repeat(np.cumsum(length) - length, length)
    return row, begins[row] + np.arange(len(row)) - start


def _month(days: Ints) -> Ints:
    """Months since 1970 of days since then; never stays far away."""
    far = np.minimum(days, 200 * 365)
    return np.asarray(far.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64))


def _first_month(days: Ints) -> Ints:
    """The first month that begins on or after the day."""
    month = _month(days)
    begun = month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) < days
    return np.asarray(month + begun)


def _codes(names: pd.Series[str]) -> Ints:
    return np.asarray(pd.factorize(names.astype("string").fillna(""), sort=True)[0])
