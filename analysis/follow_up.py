"""From a cohort and its results to the person-period panel that estimators read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.errors import SpecError
from analysis.funnel import Query
from analysis.months import months_since
from analysis.panel import Panel

if TYPE_CHECKING:
    from analysis.cohort import Cohort
    from analysis.study import StudySpec

HISTORY_MONTHS = 12  # covariate history read before time zero
_CODED = ("department", "level", "site", "stratum", "manager_no")  # names, never quantities


def outcome_query(spec: StudySpec) -> Query:
    """SQL for (person_no, month, value) of the study's metric as known at its date."""
    sql = """
select person_no, month, value
from marts.performance
where metric = ? and known_from <= ? and known_to > ?
order by person_no, month
"""
    return Query(sql, (spec.outcome.metric, spec.as_of, spec.as_of))


def build_panel(spec: StudySpec, cohort: Cohort, outcomes: pd.DataFrame) -> Panel:
    """The panel of one study with the covariates of all its specifications.

    Raises SpecError where the follow-up holds no outcome, or a log meets a value <= 0.
    """
    people = cohort.people
    rows = _rows(spec, people, outcomes)
    frame = pd.DataFrame(
        {
            "person": people["person_no"],
            "arm": people["arm"],
            "stratum": _codes(people, spec.allocation.strata),
            "cluster": _codes(people, () if spec.cluster == "person" else (spec.cluster,)),
            "take_up": people["take_up"] if spec.take_up else np.nan,
            "mentored": people["mentored"],
        }
    )
    if spec.cluster == "person":
        frame["cluster"] = np.arange(len(frame))
    before = rows[rows["event_month"].between(-HISTORY_MONTHS, -1)]
    frame["pre_outcome"] = frame["person"].map(before.groupby("person")["outcome"].mean())
    names = [*spec.adjust_for, *(n for s in spec.specifications for n in s.adjust_for)]
    covariates = _covariates(people, frame["pre_outcome"], list(dict.fromkeys(names)))
    return Panel(
        people=pd.concat([frame, covariates], axis=1).reset_index(drop=True),
        rows=rows,
        treated=spec.arms.treated,
        comparison=spec.arms.comparison,
        covariates=tuple(covariates.columns),
    )


def _rows(spec: StudySpec, people: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    zero = people[["person_no", "time_zero"]]
    rows = outcomes.merge(zero, on="person_no", how="inner", validate="many_to_one")
    rows["event_month"] = months_since(rows["time_zero"], rows["month"]).astype(int)
    rows = rows[rows["event_month"].between(-HISTORY_MONTHS, spec.follow_up.months)]
    first, last = spec.follow_up.primary
    if not rows["event_month"].between(first, last).any():
        raise SpecError(
            "follow_up.primary",
            f"nobody in the study has {spec.outcome.metric} in event months {first} to {last}",
            "Check the window, as_of, and that results of those months were delivered.",
        )
    values = rows["value"].to_numpy(dtype=float)
    if spec.outcome.transform == "log":
        if (values <= 0).any():
            raise SpecError(
                "outcome.transform",
                f"log of a value of 0 or less in {int((values <= 0).sum())} rows",
                "Use `transform: none`, or another metric.",
            )
        values = np.log(values)
    made = pd.DataFrame(
        {"person": rows["person_no"], "event_month": rows["event_month"], "outcome": values}
    )
    return made.sort_values(["person", "event_month"], ignore_index=True)


def _codes(people: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    """A dense code for each combination of the named columns, in sorted order."""
    if not names:
        return np.zeros(len(people), dtype=int)
    unknown = [n for n in names if n not in people.columns]
    if unknown:
        raise SpecError("allocation.strata", f"{', '.join(unknown)}: not known", "Name a column.")
    text = people[list(names)].astype("string").fillna("").agg("\x1f".join, axis=1)
    return pd.factorize(text, sort=True)[0]


def _covariates(
    people: pd.DataFrame, pre_outcome: pd.Series[float], names: list[str]
) -> pd.DataFrame:
    """One float column a number, one 0/1 column a category but the first; names stay readable.

    A category that everybody shares keeps its constant column; estimators leave it out.
    """
    parts: dict[str, pd.Series[float]] = {}
    for name in names:
        if name == "pre_period_outcome":
            parts[name] = pre_outcome
            continue
        text = people[name]
        numbers = pd.to_numeric(text, errors="coerce")
        known = text.notna()
        if name not in _CODED and numbers[known].notna().all():
            parts[name] = numbers.astype(float)
            continue
        levels = sorted(text[known].astype(str).unique())
        for category in levels[1:] or levels:
            column = (text.astype(str) == category).astype(float)
            parts[f"{name}={category}"] = column.where(known, np.nan)
    return pd.DataFrame(parts, index=people.index)
