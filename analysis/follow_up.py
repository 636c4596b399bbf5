"""From a cohort and its results to the person-period panel that estimators read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.benefits.members import banded, subgroup_columns
from analysis.errors import SpecError
from analysis.funnel import Query
from analysis.months import months_since
from analysis.outcomes.after_exit import require_employment, with_zeros
from analysis.outcomes.dose import exposures
from analysis.outcomes.practices import practices
from analysis.outcomes.promotion import promotion_query, promotion_rows
from analysis.outcomes.rating import rating_notes, rating_query, standardised
from analysis.outcomes.team import mentored_mates, team_query
from analysis.outcomes.values import fitting_values
from analysis.panel import Panel

if TYPE_CHECKING:
    from analysis.cohort import Cohort
    from analysis.diagnostics import Diagnostic
    from analysis.study import StudySpec

HISTORY_MONTHS = 12  # covariate history read before time zero
_CODED = ("department", "level", "site", "stratum", "manager_no")  # names, never quantities


def outcome_query(spec: StudySpec) -> Query:
    """SQL for (person_no, month, value) of the study's metric as known at its date.

    Ratings come with their cycle and rater; promotions as levels of jobs (valid_from, level).
    """
    made = {"rating": rating_query, "promotion": promotion_query, "team": team_query}
    if spec.outcome.kind in made:
        return made[spec.outcome.kind](spec)
    sql = """
select person_no, month, value
from marts.performance
where metric = ? and known_from <= ? and known_to > ?
order by person_no, month
"""
    return Query(sql, (spec.outcome.metric, spec.as_of, spec.as_of))


def build_panel(
    spec: StudySpec,
    cohort: Cohort,
    outcomes: pd.DataFrame,
    meetings: pd.DataFrame | None = None,
    matches: pd.DataFrame | None = None,
) -> Panel:
    """The panel of one study with the covariates of all its specifications.

    ``outcomes`` is what :func:`outcome_query` returns, ``meetings`` and ``matches`` what the
    queries of dose and practices do. Raises SpecError where the follow-up holds no outcome, or
    values do not fit its kind.
    """
    rows, notes = _rows(spec, cohort.people, outcomes)
    before = rows[rows["event_month"].between(-HISTORY_MONTHS, -1)]
    past = before.groupby("person")["outcome"].mean()
    made = replace(panel_of(spec, cohort, rows, past, meetings, matches), notes=notes)
    if spec.outcome.kind == "team":
        return replace(made, notes=(mentored_mates(made, spec.thresholds),))
    return made


def panel_of(
    spec: StudySpec,
    cohort: Cohort,
    rows: pd.DataFrame,
    past: pd.Series[float],
    meetings: pd.DataFrame | None = None,
    matches: pd.DataFrame | None = None,
) -> Panel:
    """The panel of these rows (person, event_month, outcome), sorted by both.

    ``past`` is the outcome before time zero by person_no.
    """
    people = cohort.people
    frame = _structure(spec, people)
    frame["pre_outcome"] = frame["person"].map(past)
    names = [*spec.adjust_for, *(n for s in spec.specifications for n in s.adjust_for)]
    covariates = _covariates(people, frame["pre_outcome"], list(dict.fromkeys(names)), spec.bands)
    frame = frame.assign(**subgroup_columns(spec, people, frame["pre_outcome"]))
    if spec.dose:
        frame = frame.assign(**exposures(spec, people, meetings))
    if spec.practices:
        done = practices(spec, people, meetings, matches)
        frame = frame.assign(**{f"practice: {name}": value for name, value in done.items()})
    controls = _controls(spec, people)
    return Panel(
        people=pd.concat([frame, covariates, controls], axis=1).reset_index(drop=True),
        rows=rows,
        treated=spec.arms.treated,
        comparison=spec.arms.comparison,
        covariates=tuple(covariates.columns),
    )


def _structure(spec: StudySpec, people: pd.DataFrame) -> pd.DataFrame:
    """Columns of people that the design fixes."""
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
    return frame


def _rows(
    spec: StudySpec, people: pd.DataFrame, outcomes: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[Diagnostic, ...]]:
    """Rows of the panel (person, event_month, outcome), and checks of the outcome itself."""
    notes: tuple[Diagnostic, ...] = ()
    if spec.outcome.kind == "promotion":
        made = promotion_rows(spec, people, outcomes)
    else:
        zero = people[["person_no", "time_zero"]]
        rows = outcomes.merge(zero, on="person_no", how="inner", validate="many_to_one")
        rows["event_month"] = months_since(rows["time_zero"], rows["month"]).astype(int)
        rows = rows[rows["event_month"].between(-HISTORY_MONTHS, spec.follow_up.months)]
        if spec.outcome.kind == "rating":
            rows["outcome"] = standardised(spec, rows)
            notes = rating_notes(spec, people, rows)
            rows = rows[rows["outcome"].notna()]
        else:
            rows["outcome"] = fitting_values(spec, rows["value"].to_numpy(dtype=float))
        made = rows.rename(columns={"person_no": "person"})[["person", "event_month", "outcome"]]
    first, last = spec.follow_up.primary
    if not made["event_month"].between(first, last).any():
        raise SpecError(
            "follow_up.primary",
            f"nobody in the study has {spec.outcome.metric} in event months {first} to {last}",
            "Check the window, as_of, and that results of those months were delivered.",
        )
    if spec.outcome.after_exit == "zero" and spec.outcome.kind == "team":
        require_employment(people)
    elif spec.outcome.after_exit == "zero":
        made = with_zeros(spec, people, made, pd.to_datetime(outcomes["month"]).max())
    return made.sort_values(["person", "event_month"], ignore_index=True), notes


def _codes(people: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    """A dense code for each combination of the named columns, in sorted order."""
    if not names:
        return np.zeros(len(people), dtype=int)
    unknown = [n for n in names if n not in people.columns]
    if unknown:
        raise SpecError("allocation.strata", f"{', '.join(unknown)}: not known", "Name a column.")
    first, *others = (people[name].astype("string").fillna("") for name in names)
    for other in others:
        first = first + "\x1f" + other
    return pd.factorize(first, sort=True)[0]


def _controls(spec: StudySpec, people: pd.DataFrame) -> pd.DataFrame:
    """One float column a negative control, as it stood at the start; nan where not known."""
    numbers: dict[str, pd.Series[float]] = {}
    for name in spec.negative_controls:
        numbers[name] = pd.to_numeric(people[name], errors="coerce").astype(float)
        if name in _CODED or (numbers[name].isna() & people[name].notna()).any():
            raise SpecError(
                "negative_controls",
                f"{name}: is not a number for everybody",
                "Name an attribute of people that is a number, or map its words to 0 and 1.",
            )
    return pd.DataFrame(numbers, index=people.index)


def _covariates(
    people: pd.DataFrame,
    pre_outcome: pd.Series[float],
    names: list[str],
    bands: dict[str, tuple[float, ...]],
) -> pd.DataFrame:
    """One float column a number, one 0/1 column a category or band but the first.

    A category that everybody shares keeps its constant column; estimators leave it out.
    """
    parts: dict[str, pd.Series[float]] = {}
    for name in names:
        if name == "pre_period_outcome":
            parts[name] = pre_outcome
            continue
        text = banded(name, bands[name], people[name]) if name in bands else people[name]
        numbers = pd.to_numeric(people[name], errors="coerce")
        known = text.notna()
        if name not in (*_CODED, *bands) and numbers[known].notna().all():
            parts[name] = numbers.astype(float)
            continue
        levels = sorted(text[known].astype(str).unique())
        if name in bands:
            levels = [band for band in text.cat.categories if band in levels]
        for category in levels[1:] or levels:
            column = (text.astype(str) == category).astype(float)
            parts[f"{name}={category}"] = column.where(known, np.nan)
    return pd.DataFrame(parts, index=people.index)
