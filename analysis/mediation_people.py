"""From a frame of people to the arrays of one mediation: who answered when, and who enters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.estimators.linear import independent
from analysis.estimators.sample import dummies, fill_missing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.mediation_spec import Mediation
    from analysis.study import StudySpec

    Floats = NDArray[np.float64]

MEDIATOR, FUNCTION = "mediator: ", "function: "  # how the names of score columns begin
CROSS_SECTIONAL = (
    "mediators and outcome were answered in the same wave: cross-sectional data cannot show "
    "mediation, since what came first is not known"
)
FUNCTIONS_TOGETHER = (
    "mentoring functions and mediators were answered in the same wave: cross-sectional data "
    "cannot show mediation, since what came first is not known"
)
TOO_EARLY = (
    "the mediators were answered at or before time zero, so that mentoring cannot have moved them"
)
FEWEST = 10  # people on either side: fewer, and resamples have nobody there


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Aligned arrays of the people who enter, or the ``problem`` that keeps all of them out.

    ``controls`` (n, c; a constant first, none a combination of others), ``mediators`` (n, m),
    the others (n,). ``function`` is the exposure's name where it is a mentoring function.
    ``counts`` are people who enter, treated and not (exposure above its mean and not); ``drawn``
    everybody of both arms. ``same_wave`` and ``early`` are people left out because of when they
    answered.
    """

    exposure: Floats
    mediators: Floats
    outcome: Floats
    moderator: Floats | None
    controls: Floats
    cluster: NDArray[np.int64]
    counts: tuple[int, int]
    arm: str = ""
    comparison: str = ""
    function: str | None = None
    drawn: tuple[int, int] = (0, 0)
    same_wave: int = 0
    early: int = 0
    problem: str = ""


def arm_rows(
    people: pd.DataFrame, spec: StudySpec, asked: Mediation, arm: str, covariates: tuple[str, ...]
) -> Rows:
    """People of the arm (exposure 1) and of the comparison (0) with all scores, in time."""
    pair = people[people["arm"].isin([arm, spec.arms.comparison])]
    treated = pair["arm"] == arm
    known = _known(pair, asked)
    early = known & (_day(pair, "mediator_on") <= _day(pair, "time_zero"))
    together = known & ~early & _not_before(pair, "mediator", "outcome")
    kept = known & ~early & ~together
    problem = "" if kept.any() else _why_nobody(known, together, early)
    if asked.moderator:
        kept &= pair["moderator"].notna()
        if not problem and treated[kept].nunique() < 2:
            problem = f"{asked.moderator} is not known in every arm; a moderator is of everybody"
    made = _rows(pair[kept], spec, asked, covariates, np.asarray(treated[kept], dtype=np.float64))
    return replace(
        made,
        arm=arm,
        comparison=spec.arms.comparison,
        drawn=(int(treated.sum()), int((~treated).sum())),
        same_wave=int(together.sum()),
        early=int(early.sum()),
        problem=problem or made.problem,
    )


def function_rows(
    people: pd.DataFrame,
    spec: StudySpec,
    asked: Mediation,
    arm: str,
    function: str,
    covariates: tuple[str, ...],
) -> Rows:
    """People of the arm with all scores, the function as exposure, the others as controls."""
    of_arm = people[people["arm"] == arm]
    names = [f"{FUNCTION}{name}" for name in asked.functions]
    known = _known(of_arm, asked) & of_arm[names].notna().all(axis=1)
    late = known & _not_before(of_arm, "mediator", "outcome")
    together = known & ~late & _not_before(of_arm, "function", "mediator")
    some = of_arm[known & ~late & ~together]
    others = tuple(n for n in names if n != f"{FUNCTION}{function}")
    exposure = some[f"{FUNCTION}{function}"].to_numpy(dtype=float)
    made = _rows(some, spec, asked, (*others, *covariates), exposure)
    problem = made.problem
    if some.empty:
        problem = FUNCTIONS_TOGETHER if together.any() else _why_nobody(known, late, late & False)
    return replace(made, arm=arm, comparison=arm, function=function, problem=problem)


def _rows(
    some: pd.DataFrame,
    spec: StudySpec,
    asked: Mediation,
    covariates: tuple[str, ...],
    exposure: Floats,
) -> Rows:
    """The arrays of these people, without those whom missing covariates leave out."""
    table = some[list(covariates)].to_numpy(dtype=float).reshape(len(some), len(covariates))
    if spec.missing_covariates == "drop":
        kept = np.flatnonzero(~np.isnan(table).any(axis=1))
        some, table, exposure = some.iloc[kept], table[kept], exposure[kept]
    parts = [np.ones((len(some), 1)), fill_missing(table)]
    if "stratum" in some:
        parts.append(dummies(some["stratum"].to_numpy(dtype=np.int64)))
    controls = np.hstack(parts)
    if len(controls):
        controls = controls[:, independent(controls)]
    codes = some["cluster"].to_numpy(dtype=np.int64) if "cluster" in some else np.arange(len(some))
    more = int((exposure > exposure.mean()).sum()) if len(some) else 0
    made = Rows(
        exposure=exposure,
        mediators=some[[f"{MEDIATOR}{name}" for name in asked.mediators]].to_numpy(dtype=float),
        outcome=some["outcome"].to_numpy(dtype=float),
        moderator=some["moderator"].to_numpy(dtype=float) if asked.moderator else None,
        controls=controls,
        cluster=codes,
        counts=(more, len(some) - more),
    )
    return replace(made, problem=_too_few(made))


def _known(people: pd.DataFrame, asked: Mediation) -> pd.Series[bool]:
    names = [f"{MEDIATOR}{name}" for name in asked.mediators]
    return people["outcome"].notna() & people[names].notna().all(axis=1)


def _not_before(people: pd.DataFrame, first: str, then: str) -> pd.Series[bool]:
    """Whether the first scores belong to the same wave as the others, or to a later day."""
    same = people[f"{first}_wave"].astype(str) == people[f"{then}_wave"].astype(str)
    return same | (_day(people, f"{first}_on") >= _day(people, f"{then}_on"))


def _day(people: pd.DataFrame, name: str) -> pd.Series[pd.Timestamp]:
    return pd.to_datetime(people[name])


def _why_nobody(known: pd.Series[bool], together: pd.Series[bool], early: pd.Series[bool]) -> str:
    if not known.any():
        return "nobody answered both the mediators and, in a later wave, the outcome"
    return CROSS_SECTIONAL if together.sum() >= early.sum() else TOO_EARLY


def _too_few(made: Rows) -> str:
    if min(made.counts) < FEWEST:
        return f"fewer than {FEWEST} people on one side answered both waves"
    if len(np.unique(made.cluster)) < FEWEST:
        return f"people are in fewer than {FEWEST} clusters, too few to draw again from"
    scores = [made.outcome, *made.mediators.T, made.exposure]
    if made.moderator is not None:
        scores.append(made.moderator)
    if any(np.ptp(score) == 0 for score in scores):
        return "everybody has the same score of one of the scales"
    terms = made.controls.shape[1] + made.mediators.shape[1] + 1
    if len(made.outcome) <= 2 * terms:
        return "the model has half as many terms as there are people"
    return ""
