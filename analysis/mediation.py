"""Mediation of a study: what of its effect goes through what people felt one wave before."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.diagnostics.mediation import answered_notes, sensitivity_notes
from analysis.estimate import NotEstimable
from analysis.estimators.mediation import Paths, columns, path_effects
from analysis.estimators.moment_bootstrap import resample
from analysis.mediation_people import arm_rows, function_rows
from analysis.mediation_results import results_of, target_of, wanted

if TYPE_CHECKING:
    import pandas as pd

    from analysis.diagnostics import Diagnostic
    from analysis.estimate import Result
    from analysis.estimators.mediation_sensitivity import Floats
    from analysis.mediation_people import Rows
    from analysis.mediation_spec import Mediation
    from analysis.study import StudySpec

_QUANTILES = (16, 50, 84)  # a low, a middle and a high value of a moderator (Hayes 2018, p. 245)

Answer = tuple[tuple["Result", ...], tuple["Diagnostic", ...]]


def mediate(people: pd.DataFrame, spec: StudySpec, covariates: tuple[str, ...] = ()) -> Answer:
    """Results and notes of the study's ``mediation``; nothing where it asks for none.

    ``people`` has one row a person: ``person`` (int), ``arm`` (text), ``time_zero`` (date),
    ``outcome`` (float score; nan: no answer), ``outcome_wave`` (text), ``outcome_on`` (date of the
    answer), one float column ``mediator: NAME`` a mediator with ``mediator_wave`` and
    ``mediator_on``; where the study names them ``moderator`` (float), and for functions
    ``function: NAME`` with ``function_wave`` and ``function_on``. Optional: ``cluster`` (int codes,
    resampled whole), ``stratum`` (int codes) and float ``covariates``, baseline scores above all;
    gaps are completed as the study says.

    Every treated arm against the comparison, by assignment; functions among the mentees of a
    treated arm, each with the others held fixed, as associations. Where mediator and outcome (or
    function and mediator) were answered in the same wave there is no number but a sentence. A
    KeyError names a column that is absent.
    """
    asked = spec.mediation
    if asked is None:
        return (), ()
    results: list[Result] = []
    notes: list[Diagnostic] = []
    for place, arm in enumerate(spec.arms.treated):
        rows = arm_rows(people, spec, asked, arm, covariates)
        notes += answered_notes(rows, spec, arm)
        found = _estimated(rows, spec, asked, np.random.default_rng([spec.seed(), place]))
        results += found.results
        notes += found.notes
    for place, (arm, function) in enumerate(
        (arm, function) for arm in spec.arms.treated for function in asked.functions
    ):
        rows = function_rows(people, spec, asked, arm, function, covariates)
        rng = np.random.default_rng([spec.seed(), len(spec.arms.treated) + place])
        results += _estimated(rows, spec, asked, rng).results
    return tuple(results), tuple(notes)


@dataclass(frozen=True, slots=True)
class _Found:
    results: tuple[Result, ...]
    notes: tuple[Diagnostic, ...] = ()


def _estimated(rows: Rows, spec: StudySpec, asked: Mediation, rng: np.random.Generator) -> _Found:
    """All effects of one exposure, or the reason why there are none."""
    plain = rows.function is not None  # associations are neither moderated nor interacted
    at: tuple[float, ...] = ()
    if rows.moderator is not None and not (plain or rows.problem):
        at = _values(asked, rows.moderator)
    paths = Paths(
        names=asked.mediators,
        controls=rows.controls.shape[1],
        order=asked.order,
        moderates=asked.moderates if asked.moderator and not plain else None,
        at=at,
        interaction=asked.interaction and not plain,
    )
    if rows.problem:
        first = target_of(rows, spec, asked, paths, next(wanted(paths)))
        return _Found((NotEstimable(target=first, reason=rows.problem),))
    table = columns(
        paths, rows.controls, rows.exposure, rows.mediators, rows.outcome,
        None if plain else rows.moderator,
    )  # fmt: skip

    def statistic(gram: Floats) -> dict[str, Floats]:
        return path_effects(paths, gram)

    drawn = resample(table, rows.cluster, statistic, rng)
    results = results_of(rows, spec, asked, paths, drawn)
    if plain:
        return _Found(results)
    without = Paths(names=paths.names, controls=paths.controls, order=paths.order)
    bare = columns(without, rows.controls, rows.exposure, rows.mediators, rows.outcome)
    return _Found(results, sensitivity_notes(rows, without, bare.T @ bare, spec))


def _values(asked: Mediation, moderator: Floats) -> tuple[float, ...]:
    """The study's values, or quantiles rounded to a tenth of the spread: none is a person's own."""
    if asked.at:
        return tuple(dict.fromkeys(asked.at))
    places = 1 - math.floor(math.log10(moderator.std()))
    return tuple(
        dict.fromkeys(round(float(v), places) for v in np.percentile(moderator, _QUANTILES))
    )
