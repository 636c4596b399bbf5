"""Our side of the models of exits: from the file of careers through the engine to the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.cox import fit_cox
from analysis.exits.hazard_by_month import fit_by_month
from analysis.exits.spans import risk_sets
from analysis.exits.trajectories import StartedSpans, started_spans, trajectories_sql
from data import MONTHS

if TYPE_CHECKING:
    from serve import Figures

    from pipelines.engine import Engine

COVARIATES = ("x1", "x2")
NAMES = ("started", *COVARIATES)
VOLUNTARY = (1,)
# Careers have a row a person already: no person-month is looked at.
_CAREERS = """
select x1, x2, 0 as first_month, start_month, last_month, exit_kind, count(*) as people, 0 as broken
from careers
group by x1, x2, start_month, last_month, exit_kind
"""


def _read(engine: Engine, sql: str) -> StartedSpans:
    table = engine.arrow(sql)
    return started_spans({name: table[name].to_numpy() for name in table.column_names}, COVARIATES)


def _columns(of: StartedSpans) -> np.ndarray:
    return np.column_stack([of.started, of.covariates]).astype(float)


def cloglog(engine: Engine) -> Figures:
    """Hazard by month of the panel file, a dummy a month, clustered by person."""
    of = _read(engine, trajectories_sql("person_months", COVARIATES))
    columns = _columns(of)
    sets = risk_sets(of.spans, len(columns), VOLUNTARY)
    fit = fit_by_month(of.spans, columns, sets, np.arange(MONTHS), VOLUNTARY, "cloglog")
    return _figures(fit.coefficients, fit.cov)


def cox(engine: Engine) -> Figures:
    """Mentoring that starts along the way, ties by Efron, from a row a person."""
    of = _read(engine, _CAREERS)
    columns = _columns(of)
    sets = risk_sets(of.spans, len(columns), VOLUNTARY).with_events()
    fit = fit_cox(columns, sets.at_risk, sets.events)
    return _figures(fit.coefficients, fit.cov)


def _figures(coefficients: np.ndarray, cov: np.ndarray) -> Figures:
    pairs = zip(NAMES, coefficients, np.sqrt(np.diag(cov)), strict=True)
    return {name: (b, se) for name, b, se in pairs}
