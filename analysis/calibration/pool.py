"""People of the past who could have been in a programme, at each month that it could have begun.

A *unit* is somebody employed, in the study's population and recently measured, at a month from
which the whole window lies in the records, and before the person ever had a mentor. Months after
the programme began are among them, for few records reach back far enough before it; of people who
never had a mentor all months count. That looks ahead at who will have a mentor, which is harmless
here: who joins a placebo programme is drawn afterwards, from what was known at its month, so that
joining and outcome are independent given that, whoever was left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.cohort import Cohort
from analysis.errors import SpecError
from analysis.follow_up import build_panel
from analysis.funnel import Query
from analysis.opt_in import PLACEBO
from analysis.planning.past import read_past

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.panel import Panel
    from analysis.planning.past import Past, Read
    from analysis.study import StudySpec

    Ints = NDArray[np.int64]

MOST_MONTHS = 24  # months that a placebo programme may begin in, spread over the records
MOST_UNITS = 100_000  # of larger companies people are drawn
_EARLIER = 3  # months of results before the first month, where a design asks for no more
_STREAM = 4011  # keeps this draw apart from other draws of the study

_TOUCHED = """
select person_no, min(day) as touched_on from (
    select mentee_no as person_no, matched_on as day
    from staging.match
    where coalesce(kind, '') <> 'informal' and known_from <= ? and known_to > ?
    union all
    select person_no, held_on as day
    from staging.session
    where coalesce(status, 'confirmed') <> 'scheduled' and known_from <= ? and known_to > ?
    union all
    select person_no,
        case when took_up then coalesce(matched_on, assigned_on, eligible_on) else matched_on end
    from marts.programme_funnel
    where known_from <= ? and known_to > ?
)
where day is not null and person_no is not null
group by person_no
order by person_no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Units (u,) as a panel whose ``person`` numbers them, beside the people of the real study.

    ``of``: the person of each unit; ``month``: the month it begins in (12 * year + month - 1);
    ``first_row`` (u + 1,): where the rows of each unit begin. ``real``: the panel of the real study
    with the same covariates, its first treated arm and the comparison, who began in ``rounds``
    different months. ``seed`` is the real study's.
    """

    spec: StudySpec
    panel: Panel
    of: Ints
    month: Ints
    first_row: Ints
    real: Panel
    rounds: int
    seed: int

    @property
    def share(self) -> float:
        """People of the treated arm in the real study, of both arms."""
        return float((self.real.people["arm"] == self.real.treated[0]).mean())


def touched_query(spec: StudySpec) -> Query:
    """SQL for (person_no, touched_on): when anybody first had a mentor in any programme."""
    return Query(_TOUCHED, (spec.as_of, spec.as_of) * 3)


def placebo_spec(spec: StudySpec) -> StudySpec:
    """The study as it is asked of placebo programmes: one arm, the primary window, nothing beside.

    What only real programmes have goes: take-up, doses, recorded draws. Checks lose nothing.
    """
    first = spec.arms.treated[0]
    without = {
        "arms": spec.arms.model_copy(update={"treated": (first,)}),
        "allocation": spec.allocation.model_copy(
            update={"lottery": (), "share": _share_of_two(spec)}
        ),
        "follow_up": spec.follow_up.model_copy(update={"windows": ()}),
        "specifications": (), "subgroups": (),
        "take_up": None, "dose": (), "practices": (), "mediation": None,
    }  # fmt: skip
    return spec.model_copy(update=without)


def build_pool(spec: StudySpec, cohort: Cohort, read: Read) -> Pool | str:
    """The pool of a study, or why there is none; ``cohort`` is the real study's."""
    asked = placebo_spec(spec)
    past = replace(read_past(asked, read), spec=asked)
    months = _months(past, asked)
    need = _earlier(asked) + asked.follow_up.primary[1] + 1
    recorded = pd.to_datetime(past.results["month"]).dt.to_period("M").nunique()
    if not months:
        return f"results of {need} consecutive months are needed, and {recorded} are on record"
    units = _units(past, asked, months, read(touched_query(asked)))
    if units is None:
        return (
            "nobody of the population was measured without a mentor through a whole window; it "
            f"takes people with results of {need} months before they have one"
        )
    return replace(_pool(asked, cohort, units, past.results), seed=spec.seed())


def _share_of_two(spec: StudySpec) -> float | None:
    """The planned share of the first treated arm among it and the comparison."""
    share = spec.allocation.share
    if share is None:
        return None
    arms = spec.arms.treated
    of = share if isinstance(share, dict) else dict.fromkeys(arms, share)
    return of[arms[0]] / (of[arms[0]] + 1 - sum(of.values()))


def _earlier(spec: StudySpec) -> int:
    """Months of results that the path looks at before the month of the start."""
    return -PLACEBO[0] if spec.design == "opt_in" else _EARLIER


def _months(past: Past, spec: StudySpec) -> list[pd.Timestamp]:
    """First days of the months that placebo programmes may begin in, evenly over the records."""
    found = pd.to_datetime(past.results["month"])
    first = found.min() + pd.DateOffset(months=_earlier(spec))
    last = min(past.last, pd.Timestamp(spec.as_of)) - pd.DateOffset(
        months=spec.follow_up.primary[1]
    )
    every = list(pd.date_range(first, last, freq="MS"))
    places = np.linspace(0, len(every) - 1, min(MOST_MONTHS, len(every)))
    return [every[place] for place in np.unique(places.round().astype(int))]


def _units(
    past: Past, spec: StudySpec, months: list[pd.Timestamp], touched: pd.DataFrame
) -> pd.DataFrame | None:
    """One row a person and month, as then, without a mentor to the end of the window."""
    day = touched.set_index("person_no")["touched_on"]
    parts: list[pd.DataFrame] = []
    for month in months:
        try:
            people = past.people(month)
        except SpecError:  # nobody was there yet
            continue
        end = month + pd.DateOffset(months=spec.follow_up.primary[1] + 1)
        free = ~(pd.to_datetime(people["of"].map(day)) < end)
        parts.append(people[free])
    units = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if units.empty:
        return None
    if len(units) > MOST_UNITS:
        persons = units["of"].unique()
        rng = np.random.default_rng([spec.seed(), _STREAM])
        few = rng.permutation(persons)[: int(len(persons) * MOST_UNITS / len(units))]
        units = units[units["of"].isin(few)].reset_index(drop=True)
    return units


def _pool(spec: StudySpec, cohort: Cohort, units: pd.DataFrame, results: pd.DataFrame) -> Pool:
    """Both groups of people in one panel, so that covariates are coded alike, then apart."""
    arms = (spec.arms.treated[0], spec.arms.comparison)
    real = cohort.people[cohort.people["arm"].isin(arms)]
    real = real.assign(of=real["person_no"], take_up=np.nan, mentored=0.0)
    made = units.assign(
        time_zero=units["seen_on"], arm=arms[1], take_up=np.nan, mentored=0.0,
        stratum=pd.to_datetime(units["seen_on"]).dt.strftime("%Y-%m"),
    )  # fmt: skip
    shared = [c for c in made.columns if c in real.columns]
    text = {"stratum": "string", "time_zero": "datetime64[s]", "exited_on": "datetime64[s]"}
    both = pd.concat([part[shared].astype(text) for part in (real, made)], ignore_index=True)
    both["person_no"] = np.arange(len(both))
    figures = results.rename(columns={"person_no": "of"})
    rows = figures.merge(both[["of", "person_no"]], on="of").drop(columns="of")
    panel = build_panel(spec, Cohort(people=both, steps=()), rows)
    unit_panel = _part(panel, len(real), len(both))
    return Pool(
        spec=spec,
        panel=unit_panel,
        of=units["of"].to_numpy(dtype=np.int64),
        month=_month_numbers(units["seen_on"]),
        first_row=np.searchsorted(unit_panel.rows["person"], np.arange(len(units) + 1)),
        real=_part(panel, 0, len(real)),
        rounds=len(np.unique(_month_numbers(real["time_zero"]))),
        seed=spec.seed(),
    )


def _part(panel: Panel, first: int, end: int) -> Panel:
    """The people of some places, numbered from 0."""
    people = panel.people.iloc[first:end].reset_index(drop=True)
    rows = panel.rows[panel.rows["person"].between(first, end - 1)].reset_index(drop=True)
    return replace(
        panel,
        people=people.assign(person=np.arange(len(people))),
        rows=rows.assign(person=rows["person"] - first),
    )


def _month_numbers(days: pd.Series[pd.Timestamp]) -> Ints:
    day = pd.to_datetime(days).dt
    return np.asarray(12 * day.year + day.month - 1, dtype=np.int64)
