"""Placebo starts in a study of exits where people choose when to start.

Everybody who could start is followed until they really did, and given fake starts in the months
before that. Where a real start ends the follow-up, it does so on both sides of the fake one alike.
A fake start falls on the first day of a month on which the person was there, and nothing that came
later decides it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.calibration.kpi import STREAMS
from analysis.calibration.placebo import NoPlaceboError, judge
from analysis.diagnostics.contamination import contamination
from analysis.diagnostics.exit_records import exit_records, notice_days
from analysis.diagnostics.group_size import group_size
from analysis.estimators.logit import fit_logit
from analysis.estimators.results import relabelled
from analysis.exits.calendar import calendar_month, first_day, month_or_never
from analysis.exits.careers import NEVER
from analysis.exits.checks import gates_of
from analysis.exits.columns import baseline_of
from analysis.exits.entries import event_of, ever
from analysis.exits.figures import Maker
from analysis.exits.raw import naive_difference
from analysis.exits.results import difference
from analysis.exits.setting import ExitSetting, fitter_of, windows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analysis.calibration.placebo import Kind, Placebo
    from analysis.diagnostics import Diagnostic
    from analysis.exits.built import Built
    from analysis.exits.careers import Careers
    from analysis.study import StudySpec

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def untouched(careers: Careers) -> Careers:
    """The careers up to the day before anybody's real start, with no start of their own."""
    end = np.minimum(careers.end, np.where(careers.start < NEVER, careers.start - 1, NEVER))
    months = np.arange(careers.eligible.shape[1]) + careers.first_month
    could = careers.eligible & (months <= calendar_month(end)[:, None])
    seen = careers.exit <= end
    return replace(
        careers, end=end, eligible=could, start=np.full(len(careers), NEVER),
        exit=np.where(seen, careers.exit, NEVER), kind=np.where(seen, careers.kind, 0),
    )  # fmt: skip


def start_chances(careers: Careers, kind: Kind) -> Floats | str:
    """Chance (n, months) that somebody who could start in a month does, from the real starts.

    ``random``: the same in every month. ``matched``: logit on the study's covariates as known when
    the month begins and on tenure, as the study's own models have them. Or why there is none.
    """
    ready = _ready(careers)
    months = np.arange(ready.shape[1]) + careers.first_month
    began = ready & (month_or_never(careers.start)[:, None] == months)
    if not began.any():
        return "nobody started in a month in which they could"
    if kind == "random":
        return np.where(ready, began.sum() / ready.sum(), 0.0)
    row, column = np.nonzero(ready)
    baseline = baseline_of(careers)
    tenure = (months[column] - calendar_month(careers.hired)[row]).astype(np.float64)
    recent = np.log1p(np.maximum(tenure, 0.0))
    values = baseline.values[baseline.at(row, column)]
    design = np.column_stack([np.ones(len(row)), values, recent, recent**2])
    joined = began[row, column].astype(np.float64)
    model = fit_logit(design, np.stack([1 - joined, joined]))
    if isinstance(model, str):
        return model
    chance = np.zeros(ready.shape)
    chance[row, column] = model.predict(design)
    return chance


def exit_placebos(
    built: Built, spec: StudySpec, kind: Kind, programmes: int, min_group: int
) -> Iterator[Placebo]:
    """Placebo programmes whose people start by themselves; NoPlaceboError if none can."""
    chance = start_chances(built.careers, kind)
    if isinstance(chance, str):
        raise NoPlaceboError(chance)
    careers = untouched(built.careers)
    ready = _ready(careers)
    checks = (
        *exit_records(built.careers, built.records, spec.thresholds),
        *notice_days(built.careers, spec),
        contamination(built.panel, spec.thresholds),
    )
    for number in range(programmes):
        rng = np.random.default_rng([spec.seed(), STREAMS[kind], number])
        starts = ready & (rng.random(ready.shape) < chance)
        column = starts.argmax(axis=1)
        day = np.maximum(first_day(column + careers.first_month), careers.hired)
        start = np.where(starts.any(axis=1), day, NEVER)
        yield _one(replace(careers, start=start), spec, kind, checks, min_group)


def _ready(careers: Careers) -> Bools:
    """Months (n, months) in which somebody could start who is there and not on notice."""
    first = first_day(np.arange(careers.eligible.shape[1]) + careers.first_month)
    gone = np.minimum(event_of(careers)[0], careers.end)
    return careers.eligible & (careers.hired[:, None] <= first) & (gone[:, None] >= first)


def _one(
    careers: Careers, spec: StudySpec, kind: Kind, checks: tuple[Diagnostic, ...], min_group: int
) -> Placebo:
    months = np.arange(careers.eligible.shape[1]) + careers.first_month
    could = careers.eligible & (months <= month_or_never(careers.start)[:, None])
    careers = replace(careers, eligible=could)
    fitter = fitter_of(careers, spec)
    setting = ExitSetting(
        careers=careers, spec=spec, kinds=fitter.kinds, cluster=fitter.cluster, arms=()
    )
    arm, comparison = spec.arms.treated[0], spec.arms.comparison
    maker = Maker(setting=setting, arm=arm)
    compared = fitter.headline(None)
    head = difference(maker, compared, "primary", spec.outcome.metric)
    head = relabelled(head, name="primary", role="headline")
    naive = naive_difference(maker, ever(careers, max(last for _, last in windows_of(spec))))
    sides = (0, 0) if isinstance(compared, str) else maker.counts(compared.entries)[:2]
    people = pd.Series(np.repeat([arm, comparison], sides), dtype="str")
    sizes = group_size(people, (arm, comparison), min_group)
    return judge(kind, spec, head, naive, (sizes, *checks, *gates_of(setting, arm, compared)))
