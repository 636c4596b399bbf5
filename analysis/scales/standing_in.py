"""Who did not answer: people like them stand in, by covariates and the past score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.estimate import NotEstimable
from analysis.estimators.answering import (
    answering_weights,
    joining_weights,
    stand_ins,
    weighted_difference,
)
from analysis.estimators.results import make_estimate, make_target
from analysis.estimators.sample import dummies, fill_missing
from analysis.opt_in import as_adjusted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimate import Result
    from analysis.panel import Panel
    from analysis.scales.study import Measure, ScaleStudy
    from analysis.study import Window

WEIGHTED = "those who answered standing for people like them of their arm who did not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Everybody of whom the measure could be known, a row each: values (nan: not known)."""

    people: pd.DataFrame
    values: NDArray[np.float64]
    certain: NDArray[np.bool_]
    covariates: NDArray[np.float64]


def asked_of(study: ScaleStudy, panel: Panel, measure: Measure, window: Window) -> Asked:
    """``certain``: known without an answer. Covariates are the panel's and the past score."""
    found = study.values(window, measure)
    people = panel.people[panel.people["person"].isin(found.index)].reset_index(drop=True)
    certain = study.certain(window, measure).reindex(people["person"])
    named = people[[*panel.covariates, "pre_outcome"]].to_numpy(dtype=float)
    return Asked(
        people=people,
        values=np.asarray(found.reindex(people["person"]), dtype=np.float64),
        certain=certain.to_numpy(dtype=bool),
        covariates=fill_missing(named),
    )


def whole_panel(study: ScaleStudy, window: Window) -> Panel:
    """The panel that the headline is estimated from.

    Of the composite, who left is known of everybody and the score is not: people who answered must
    stand for those who stayed and did not, or leavers would count for too much.
    """
    known = study.panel(window, study.headline)
    if not study.beside:
        return known
    asked = asked_of(study, as_adjusted(known, study.spec), study.headline, window)
    arm = pd.factorize(asked.people["arm"], sort=True)[0]
    filled = stand_ins(asked.values, asked.certain, arm, asked.covariates)
    values = pd.Series(filled, index=asked.people["person"].to_numpy())
    return study.panel(window, study.headline, values)


def answers_by_arm(study: ScaleStudy, window: Window) -> pd.Series[int]:
    """How many answers the headline rests on in each arm, by its name; leavers gave none."""
    values = study.values(window, study.headline)
    known = values.notna() & ~study.certain(window, study.headline).reindex(values.index)
    arm = study.cohort.people.set_index("person_no")["arm"].reindex(values.index)
    return known.groupby(arm).sum().astype(int)


def weighted(study: ScaleStudy, measure: Measure, name: str) -> tuple[Result, ...]:
    """The measure with weights for who did not answer, by covariates and the past score."""
    panel = as_adjusted(study.panel(study.spec.follow_up.primary, measure), study.spec)
    return tuple(_weighted(study, panel.pair(arm), measure, name) for arm in panel.treated)


def _weighted(study: ScaleStudy, pair: Panel, measure: Measure, name: str) -> Result:
    spec, window = study.spec_of(measure), study.spec.follow_up.primary
    asked = asked_of(study, pair, measure, window)
    people, treated = asked.people, (asked.people["arm"] != pair.comparison).to_numpy(dtype=bool)
    weight = answering_weights(
        ~np.isnan(asked.values), asked.certain, treated.astype(np.int64), asked.covariates
    )
    target = make_target(
        pair, spec, pair.treated[0], window, name=name, estimator="Weighted for not answering",
        estimand=f"{study.words(measure)}; {WEIGHTED}",
    )  # fmt: skip
    if spec.design == "opt_in":
        joining = joining_weights(treated, asked.covariates)
        if isinstance(joining, str):
            return NotEstimable(target=target, reason=joining)
        weight = weight * joining
    strata = dummies(people["stratum"].to_numpy(dtype=np.int64))
    cluster = people["cluster"].to_numpy(dtype=np.int64)
    found = weighted_difference(
        asked.values, treated, np.hstack([strata, asked.covariates]), weight, cluster, spec.cluster
    )
    if isinstance(found, str):
        return NotEstimable(target=target, reason=found)
    return make_estimate(target, found, log=False)
