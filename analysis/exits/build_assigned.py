"""From the warehouse to careers, where lots decided: people as drawn, from the day of the draw."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.cohort import build_cohort, flow, population_words
from analysis.errors import SpecError
from analysis.exits.built import Built, read_employment
from analysis.exits.calendar import calendar_month
from analysis.exits.careers import NEVER, Careers, Covariate
from analysis.exits.covariates import covariates
from analysis.exits.grid import make_grid
from analysis.exits.query import jobs_query
from analysis.exits.records import to_date, to_days
from analysis.exits.subgroup_codes import subgroup_codes
from analysis.finding import Step
from analysis.funnel import attributes_query, funnel_query
from analysis.panel import Panel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.cohort import Cohort
    from analysis.exits.careers import Days
    from analysis.exits.covariates import Read
    from analysis.exits.records import Records, Spells
    from analysis.study import StudySpec

    Floats = NDArray[np.float64]


def build_assigned(spec: StudySpec, read: Read) -> Built:
    """Careers of those drawn, in the spell of the day of the draw; the stratum is a covariate.

    ``read`` answers a query with a frame.
    """
    records, spells = read_employment(spec, read)
    cohort = build_cohort(spec, read(funnel_query(spec)), read(attributes_query(spec)))
    cohort = _on_record(cohort, records)
    people = cohort.people
    rows = _spell_of(people, spells)
    zero = to_days(people["time_zero"])
    arms = (spec.arms.comparison, *spec.arms.treated)
    at_zero, subgroups = _at_zero(spec, people, rows, zero, read)
    careers = Careers(
        person=np.arange(len(people)),
        cluster=_cluster(spec, people),
        hired=rows.hired,
        zero=zero,
        arm=np.array([arms.index(arm) for arm in people["arm"]], dtype=np.int64),
        start=_started(spec, people, zero, np.minimum(rows.exit, records.end)),
        exit=rows.exit,
        kind=rows.kind,
        notice=rows.notice,
        end=np.full(len(people), records.end),
        eligible=np.zeros((len(people), 1), dtype=bool),
        first_month=int(calendar_month(zero).min()),
        undated=rows.undated,
        covariates=(*_strata(spec, people), *at_zero),
        subgroups=subgroups,
    )
    return Built(
        careers=careers,
        person_no=people["person_no"].to_numpy(dtype=np.int64),
        flow=flow(spec, cohort, people["person_no"]),
        records=records,
        population=population_words(spec, cohort),
        panel=_panel(spec, careers, people),
    )


def _on_record(cohort: Cohort, records: Records) -> Cohort:
    """Those drawn while exits are on record."""
    zero = to_days(cohort.people["time_zero"])
    kept = (zero >= records.begin) & (zero < records.end)
    if not kept.any():
        raise SpecError(
            "time_zero",
            f"nobody began while exits are on record ({to_date(records.begin)} to "
            f"{to_date(records.end)})",
            "Deliver exits of the time since the draw.",
        )
    if kept.all():
        return cohort
    step = Step(
        label="drawn while exits are on record",
        people=int(kept.sum()),
        left_out="drawn before records of exits begin, or too recently",
    )
    return replace(
        cohort,
        people=cohort.people[kept].reset_index(drop=True),
        steps=(*cohort.steps, step),
    )


def _spell_of(people: pd.DataFrame, spells: Spells) -> Spells:
    """The spell in which each person was drawn, in the order of ``people``."""
    every = pd.DataFrame({"person_no": spells.person_no, "hired": spells.hired})
    every = every.reset_index(names="row").drop_duplicates(["person_no", "hired"], keep="last")
    own = pd.DataFrame({"person_no": people["person_no"], "hired": to_days(people["hired_on"])})
    return spells.take(own.merge(every, how="left")["row"].to_numpy(dtype=np.int64))


def _cluster(spec: StudySpec, people: pd.DataFrame) -> NDArray[np.int64]:
    if spec.cluster == "person":
        return np.arange(len(people))
    text = people[spec.cluster].astype("string").fillna("")
    return np.asarray(pd.factorize(text, sort=True)[0], dtype=np.int64)


def _started(spec: StudySpec, people: pd.DataFrame, zero: Days, seen: Days) -> Days:
    """The first day of mentoring after the draw, as the study measures taking part.

    Where it is only recorded that somebody took part, the day of the draw stands for it.
    """
    if spec.take_up == "recorded":
        took = people["take_up"].to_numpy(dtype=float) == 1
        return np.where(took, zero, NEVER)
    start = to_days(people["met_on" if spec.take_up == "met_mentor_once" else "matched_on"])
    return np.where((start >= zero) & (start <= seen), start, NEVER)


def _strata(spec: StudySpec, people: pd.DataFrame) -> tuple[Covariate, ...]:
    """The strata of the draw, together one covariate."""
    if not spec.allocation.strata:
        return ()
    text = people[list(spec.allocation.strata)].astype("string").fillna("").agg(" ".join, axis=1)
    codes, labels = pd.factorize(text, sort=True)
    return (
        Covariate(
            name="stratum",
            codes=codes.astype(np.int16)[:, None],
            labels=tuple(str(label) for label in labels),
        ),
    )


def _at_zero(
    spec: StudySpec, people: pd.DataFrame, rows: Spells, zero: Days, read: Read
) -> tuple[tuple[Covariate, ...], tuple[Covariate, ...]]:
    """The study's covariates, and its subgroups, as known before the month of the draw, one column
    each.
    """
    month = calendar_month(zero)
    first, last = int(month.min()), int(month.max())
    grid = make_grid(rows, read(jobs_query(spec)), people, first, last)
    told = np.arange(grid.months) + first == month[:, None]
    each = np.arange(len(rows))

    def then(made: tuple[Covariate, ...]) -> tuple[Covariate, ...]:
        return tuple(
            c if c.codes.shape[1] == 1 else replace(c, codes=c.codes[each, month - first][:, None])
            for c in made
        )

    return then(covariates(spec, grid, told, read)), then(subgroup_codes(spec, grid))


def _panel(spec: StudySpec, careers: Careers, people: pd.DataFrame) -> Panel:
    """The people as the checks of a draw read them: numbers as group means, categories as 0/1."""
    columns: dict[str, Floats] = {}
    stratum = np.zeros(len(people), dtype=np.int64)
    for covariate in careers.covariates:
        codes = covariate.codes[:, 0].astype(np.int64)
        if covariate.name == "stratum":
            stratum = codes
        elif covariate.scores is not None:
            columns[covariate.name] = np.append(covariate.scores, np.nan)[codes]
        else:
            for code, label in list(enumerate(covariate.labels))[1:]:
                one = np.where(codes < 0, np.nan, codes == code)
                columns[f"{covariate.name}={label}"] = one
    base = pd.DataFrame(
        {
            "person": people["person_no"],
            "arm": people["arm"],
            "stratum": stratum,
            "cluster": careers.cluster,
            "take_up": people["take_up"] if spec.take_up else np.nan,
            "mentored": people["mentored"],
            "says_informal": people["says_informal"],
            "pre_outcome": np.nan,
        }
    )
    return Panel(
        people=pd.concat([base, pd.DataFrame(columns, index=base.index)], axis=1),
        rows=pd.DataFrame({"person": [], "event_month": [], "outcome": []}),
        treated=spec.arms.treated,
        comparison=spec.arms.comparison,
        covariates=tuple(columns),
    )
