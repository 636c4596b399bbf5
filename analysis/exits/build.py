"""From the warehouse to careers, where people or sites start by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.errors import SpecError
from analysis.exits.built import Built, Steps, read_employment
from analysis.exits.calendar import calendar_month, first_day, month_or_never
from analysis.exits.careers import NEVER, Careers
from analysis.exits.covariates import covariates
from analysis.exits.grid import make_grid
from analysis.exits.query import jobs_query, starts_query
from analysis.exits.records import to_date, to_days
from analysis.exits.sites import site_starts, starts_of_sites
from analysis.exits.subgroup_codes import subgroup_codes
from analysis.exits.trial_people import with_trials
from analysis.funnel import JOB_COLUMNS, attributes_query
from analysis.population import rule_words, with_attributes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.exits.careers import Days
    from analysis.exits.covariates import Read
    from analysis.exits.grid import Grid
    from analysis.exits.records import Records, Spells
    from analysis.study import StudySpec

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]


def build_starting(spec: StudySpec, read: Read) -> Built:
    """Careers where people choose (opt-in) or sites begin (roll-out).

    ``read`` answers a query with a frame. Raises SpecError where the study names what nobody
    knows, or nobody starts.
    """
    records, spells = read_employment(spec, read)
    jobs, starts = read(jobs_query(spec)), read(starts_query(spec))
    units = site_starts(spec, starts, jobs) if spec.design == "rollout" else None
    zero, start = _days_of_people(spec, spells, starts)
    first = _first_month(spec, start if units is None else to_days(units), records)
    here = (spells.hired <= records.end) & (spells.exit >= first_day(np.array(first)))
    spells, zero, start = spells.take(here), zero[here], start[here]
    text = _attributes(spec, spells, _asked_on(spells, zero, first), read)
    grid = make_grid(spells, jobs, text, first, int(calendar_month(np.array(records.end))))
    steps = Steps(person=spells.person_no)
    could = _in_population(spec, grid, records, steps)
    if units is None and spec.start_dates == "recorded":
        could &= np.arange(grid.months) + first >= month_or_never(zero)[:, None]
        word = spec.time_zero.removesuffix("_on")
        steps.add(some(could), f"{word} by then", f"not {word}, or too late")
    cluster = _clusters(spec, grid, could)
    if units is not None:
        start = starts_of_sites(spec, grid, could, units)
    could &= np.arange(grid.months) + first <= month_or_never(start)[:, None]
    steps.add(some(could), "not started yet", "had started before they could")
    kept = some(could)
    if not kept.any():
        raise SpecError(
            "population", "nobody in it could start", "Correct the population or time_zero."
        )
    days = zero[kept], start[kept]
    careers = _careers(spec, grid.take(kept), could[kept], cluster[kept], days, records, read)
    return with_trials(spec, careers, steps, records, spells.person_no[kept], read)


def some(months: Bools) -> Bools:
    """Whether any month of each row is marked (n,)."""
    return np.asarray(months.any(axis=1))


def _careers(
    spec: StudySpec, grid: Grid, could: Bools, cluster: Ints, days: tuple[Days, Days],
    records: Records, read: Read,
) -> Careers:  # fmt: skip
    """``days`` are time zero and the start; without time zero it is the first month that counts."""
    spells, (zero, start) = grid.spells, days
    begins = np.maximum(first_day(grid.first + np.argmax(could, axis=1)), spells.hired)
    since = np.maximum(np.maximum(zero, spells.hired), records.begin)
    return Careers(
        person=np.unique(spells.person_no, return_inverse=True)[1].astype(np.int64),
        cluster=np.unique(cluster, return_inverse=True)[1].astype(np.int64),
        hired=spells.hired,
        zero=np.where(zero < NEVER, since, begins),
        arm=np.full(len(spells), -1),
        start=np.where(start <= np.minimum(spells.exit, records.end), start, NEVER),
        exit=spells.exit,
        kind=spells.kind,
        notice=spells.notice,
        end=np.full(len(spells), records.end),
        eligible=could,
        first_month=grid.first,
        undated=spells.undated,
        covariates=covariates(spec, grid, could, read),
        subgroups=subgroup_codes(spec, grid),
    )


def _days_of_people(spec: StudySpec, spells: Spells, starts: pd.DataFrame) -> tuple[Days, Days]:
    """Recorded time zero and first day of mentoring of the person of each spell.

    Sites start later on, when it is known who belongs to which.
    """
    if spec.design == "rollout":
        return np.full(len(spells), NEVER), np.full(len(spells), NEVER)
    found = starts.set_index("person_no").reindex(spells.person_no)
    zero = to_days(found["time_zero"])
    if spec.start_dates == "matched":
        zero = np.full(len(spells), NEVER)
    elif not (zero < NEVER).any():
        raise SpecError(
            "time_zero",
            f"the programme records no {spec.time_zero} of anybody as known at the study's date",
            "Deliver it, or write `start_dates: matched` in its place: everybody in the "
            "population could start in each month.",
        )
    return zero, to_days(found["started_on"])


def _first_month(spec: StudySpec, starts: Days, records: Records) -> int:
    """The calendar month of the first start that records of exits go back to."""
    first = int(calendar_month(np.array(records.begin - 1))) + 1
    months = month_or_never(starts)
    usable = months[(months >= first) & (starts <= records.end)]
    if not len(usable):
        what = spec.time_zero if spec.design == "rollout" else spec.trials.start
        raise SpecError(
            "time_zero" if spec.design == "rollout" else "trials.start",
            f"nobody has {what} while exits are on record ({to_date(records.begin)} to "
            f"{to_date(records.end)})",
            "Name a day that is recorded, and deliver exits and starts of the same time.",
        )
    return int(usable.min())


def _asked_on(spells: Spells, zero: Days, first: int) -> Days:
    """The day on which attributes of people are read: when they came under study."""
    since = np.maximum(spells.hired, first_day(np.array(first)))
    return np.where(zero < NEVER, np.maximum(since, zero), since)


def _attributes(spec: StudySpec, spells: Spells, day: Days, read: Read) -> pd.DataFrame:
    """One row a spell with its person_no and a text column an attribute that the study names."""
    dates = pd.Series(day.astype("datetime64[D]").astype("datetime64[s]"))
    people = pd.DataFrame({"person_no": spells.person_no, "asked_on": dates})
    return with_attributes(spec, people, read(attributes_query(spec)), "asked_on")


def _in_population(spec: StudySpec, grid: Grid, records: Records, steps: Steps) -> Bools:
    """Months in which each spell is employed and in the population (n, months)."""
    could = grid.employed(records.end)
    begins = to_date(int(first_day(np.array(grid.first))))
    steps.add(some(could), f"employed between {begins} and {to_date(records.end)}")
    for name, rule in spec.population.items():
        could &= grid.satisfies(name, rule)
        steps.add(some(could), f"{name.replace('_', ' ')} {rule_words(rule)}", "others")
    if spec.design == "rollout":
        known = np.append(grid.jobs[spec.cluster].notna().to_numpy(), False)
        could &= known[grid.job]
        steps.add(some(could), f"{spec.cluster} known", "unknown")
    return could


def _clusters(spec: StudySpec, grid: Grid, could: Bools) -> Ints:
    """Code of what errors are clustered by, as it was in the first month that counts (n,)."""
    if spec.cluster == "person":
        return grid.spells.person_no
    if spec.cluster in JOB_COLUMNS:
        text = grid.job_first(spec.cluster, could)
    else:
        text = grid.attributes[spec.cluster]
    return np.asarray(pd.factorize(text.astype("string").fillna(""), sort=True)[0], np.int64)
