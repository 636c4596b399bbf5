"""Read what a study of a survey scale needs: scores, items and exits leave the engine as frames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from analysis.errors import SpecError
from analysis.funnel import attributes_query
from analysis.instruments import item_of, scale_of
from analysis.population import with_attributes
from analysis.scales.answers import answers_of
from analysis.scales.followed import predicts_exit
from analysis.scales.query import (
    exits_query,
    horizon_query,
    programme_items_query,
    range_query,
    scores_query,
)
from analysis.scales.study import ScaleStudy
from analysis.survey_linking import check_linked, waves_query

if TYPE_CHECKING:
    from analysis.cohort import Cohort
    from analysis.diagnostics import Diagnostic
    from analysis.funnel import Query
    from analysis.scales.answers import Answers
    from analysis.study import StudySpec
    from pipelines.engine import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A study of a scale and the items of its people. ``notes``: waves left out, later exits.

    ``others`` has the answers to each further scale that its mediation names.
    """

    study: ScaleStudy
    items: pd.DataFrame
    notes: tuple[Diagnostic, ...]
    others: dict[str, Answers]


def read_scale(
    engine: Engine,
    spec: StudySpec,
    cohort: Cohort,
    pairs: tuple[pd.DataFrame | None, pd.DataFrame | None],
    *,
    exact_rows: bool,
) -> Read:
    """What the study asks about; ``pairs`` are meetings and matches, where it asks for them.

    Raises SpecError where it cannot be answered.
    """
    waves = _frame(engine, waves_query())
    left_out = check_linked(spec, waves)
    further = _further(spec, waves)
    cohort = _with_moderator(engine, spec, cohort, further)
    query = horizon_query(spec)
    horizon = pd.Timestamp(engine.scalar(query.sql, query.params))
    exits = _frame(engine, exits_query(spec))

    def answers(name: str) -> Answers:
        return answers_of(cohort.people, _frame(engine, scores_query(spec, name)), exits, horizon)

    query = range_query(spec)
    ((low, high),) = engine.rows(query.sql, query.params)
    study = ScaleStudy(
        spec=spec,
        cohort=cohort,
        answers=answers(spec.outcome.metric),
        range=(float(low), float(high)),
        pairs=pairs,
        exact_rows=exact_rows,
    )
    items = _items(engine, spec)
    study.require_answers()
    notes = (*left_out, _later_exits(engine, spec, horizon))
    return Read(study=study, items=items, notes=notes, others={n: answers(n) for n in further})


def _later_exits(engine: Engine, spec: StudySpec, horizon: pd.Timestamp) -> Diagnostic:
    return predicts_exit(
        _frame(engine, scores_query(spec, spec.outcome.metric, everybody=True)),
        _frame(engine, exits_query(spec, everybody=True)),
        horizon,
    )


def _frame(engine: Engine, query: Query) -> pd.DataFrame:
    return engine.frame(query.sql, query.params)


def _items(engine: Engine, spec: StudySpec) -> pd.DataFrame:
    items, item = _frame(engine, programme_items_query(spec)), item_of(spec.outcome.metric)
    found = sorted(items["item"].unique())
    if item is not None and item not in found:
        raise SpecError(
            "outcome.metric",
            f"{scale_of(spec.outcome.metric)[0]} has no item {item}",
            f"Its items: {', '.join(found) or 'none answered'}.",
        )
    return items


def _further(spec: StudySpec, waves: pd.DataFrame) -> tuple[str, ...]:
    """The scales that the study's mediation names; SpecError where one cannot be used."""
    asked = spec.mediation
    if asked is None:
        return ()
    named = [("mediators", n) for n in asked.mediators]
    named += [("functions", n) for n in asked.functions]
    if asked.moderator and scale_of(asked.moderator)[0] in set(waves["instrument"]):
        named.append(("moderator", asked.moderator))
    for key, name in named:
        check_linked(spec, waves, name, f"mediation.{key}")
    return tuple(name for _, name in named)


def _with_moderator(
    engine: Engine, spec: StudySpec, cohort: Cohort, scales: tuple[str, ...]
) -> Cohort:
    """The cohort with the attribute that moderates, where the study reads it for nothing else."""
    name = spec.mediation.moderator if spec.mediation else None
    if name is None or name in cohort.people or name in scales:
        return cohort
    own = spec.model_copy(update={"adjust_for": (name,)})
    start = cohort.people[["person_no", "time_zero"]]
    found = with_attributes(own, start, _frame(engine, attributes_query(own)), "time_zero")
    return replace(cohort, people=cohort.people.assign(**{name: found[name].to_numpy()}))
