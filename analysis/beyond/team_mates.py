"""Do the mentored help their team mates? Shares of mentored others, own lot held fixed.

Lots decide who is mentored and so, by chance, how many of one's mates are. That share is compared
at an equal expectation of it (Borusyak & Hull 2023), so that people with many applicants around
them are not taken for people with many mentored ones. Where lots first decided between two shares
of winners for each team, teams are compared directly (two-stage; Hudgens & Halloran 2008).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.beyond.bystanders import marked, with_bystanders
from analysis.beyond.mates import Mates, teams_of
from analysis.beyond.spec import MATES
from analysis.estimate import Estimate, NotEstimable
from analysis.estimators.linear import (
    CR2_WORDS,
    FEW_CLUSTERS,
    clustered_words,
    fit_ols,
    independent,
)
from analysis.estimators.results import NOT_IDENTIFIED, Figures, make_estimate, make_target
from analysis.estimators.small_sample import cr2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.cohort import Cohort
    from analysis.estimate import Result
    from analysis.panel import Panel
    from analysis.study import StudySpec

    Floats = NDArray[np.float64]

WEAK = 10.0  # first-stage F below which two-stage least squares says nothing (Staiger & Stock 1997)
ESTIMANDS = {
    "high_low": "people who did not win, in teams drawn for many winners less those for few",
    "slope": "all mates mentored against none, own lot held fixed",
    "untreated": "effect of mentored mates on people who did not win",
    "own": "effect of having won, mates held fixed",
    "winners_total": "effect on winners: their own mentor and their mates' together",
}
TWO_STAGE, LINEAR = "Two-stage saturation, by team", "Share of mates, by their lots"
_CLUSTERED = "clustered by team, CR1, t with teams − 1 degrees of freedom"


def mates_study(spec: StudySpec) -> StudySpec:
    """The study with the mates who were not drawn as an arm of their own."""
    return with_bystanders(spec, spec.programme)


def mates_funnel(spec: StudySpec, funnel: pd.DataFrame) -> pd.DataFrame:
    """The funnel; who was not drawn is looked at from the day of the first draw in their team."""
    team, known = teams_of(spec, funnel)
    undrawn = funnel["arm"].isna()
    zero = pd.to_datetime(funnel["time_zero"])
    first = zero.groupby(team).transform("min")
    return marked(funnel.assign(time_zero=zero.fillna(first.where(known))), undrawn)


def team_mates(spec: StudySpec, cohort: Cohort, panel: Panel) -> tuple[Result, ...]:
    """Results about team mates in the primary window, from the study with bystanders.

    ``cohort`` and ``panel`` are those of :func:`mates_study`. Raises SpecError where nobody has a
    mate.
    """
    made = Mates.of(spec, cohort, panel)
    found: dict[str, Figures | str] = {}
    if spec.spillover and spec.spillover.saturations:
        found["high_low"] = _high_low(spec, made)
    found |= _by_share(spec, made)
    pair = panel.pair(spec.arms.treated[0])
    results: list[Result] = []
    for name, figures in found.items():
        target = make_target(
            pair, spec, spec.arms.treated[0], spec.follow_up.primary,
            name=f"{MATES}{name}", estimand=ESTIMANDS[name],
            estimator=TWO_STAGE if name == "high_low" else LINEAR,
        )  # fmt: skip
        if isinstance(figures, str):
            results.append(NotEstimable(target=target, reason=figures))
        else:
            one = make_estimate(target, figures, log=spec.outcome.per_cent)
            if isinstance(one, Estimate) and name != "high_low":  # rests on the lots of both
                one = replace(one, n_smallest=int((made.drawn & ~made.won).sum()))
            results.append(one)
    return tuple(results)


def _high_low(spec: StudySpec, made: Mates) -> Figures | str:
    """Teams nearer to the higher share against those nearer to the lower one, nobody a winner."""
    pair = spec.spillover.saturations if spec.spillover else None
    low, high = pair or (0.0, 1.0)
    told = ~made.won & ~np.isnan(made.saturation)
    if not told.any():
        return "nobody without a mentor is in a team in which lots were drawn"
    # a share in the middle is that of the smallest teams, in which half a place counts as one
    many = made.saturation[told] >= (low + high) / 2
    team = made.team[told]
    teams = [len(np.unique(team[side])) for side in (many, ~many)]
    if min(teams) < FEW_CLUSTERS // 2:
        return f"fewer than {FEW_CLUSTERS // 2} teams were drawn for one of the two shares"
    columns = np.column_stack([made.controls[told], many])
    kept = independent(columns)
    if not kept[-1] or kept.sum() >= len(columns):
        return NOT_IDENTIFIED
    design, outcome = columns[:, kept], made.outcome[told] - made.outcome[told].mean()
    bread = np.linalg.inv(design.T @ design)
    beta = bread @ design.T @ outcome
    # Teams differ in size and a few carry much: CR1 is too small even with fifty of them.
    small = cr2(design, outcome - design @ beta, bread, np.unique(team, return_inverse=True)[1])
    return Figures(
        estimate=float(beta[-1]),
        std_error=float(np.sqrt(small.cov[-1, -1])),
        t_df=float(small.df[-1]),
        df=sum(teams) - 1.0,
        counts=(int(many.sum()), int((~many).sum()), int(told.sum())),
        convention=clustered_words("team", CR2_WORDS),
        size=float(np.abs(made.outcome).max()),
    )


def _by_share(spec: StudySpec, made: Mates) -> dict[str, Figures | str]:
    """Two-stage least squares: own lot, and the share of mentored mates by the lots of these."""
    names = [n for n in ESTIMANDS if n != "high_low"]
    teams = len(np.unique(made.team))
    if teams < FEW_CLUSTERS:
        why = f"fewer than {FEW_CLUSTERS} teams, and errors are counted by team"
        return dict.fromkeys(names, why)
    controls = np.column_stack([made.controls, made.expected])
    controls = controls[:, independent(controls)]
    exogenous = np.column_stack([controls, made.won])
    first = fit_ols(
        made.mentored, exogenous, made.others_won[:, None], made.team, covariance="HC1",
        cluster_name="team",
    )  # fmt: skip
    if first is None or not first.identified[0]:
        return dict.fromkeys(names, "lots do not change the share of mates who are mentored")
    moved, doubt = first.figures(0)
    if doubt > 0 and (moved / doubt) ** 2 < WEAK:
        return dict.fromkeys(
            names, f"lots hardly change the share of mates mentored (F < {WEAK:g})"
        )
    fit = _instrumented(made, exogenous)
    return fit if isinstance(fit, dict) else dict.fromkeys(names, NOT_IDENTIFIED)


def _instrumented(made: Mates, exogenous: Floats) -> dict[str, Figures | str] | None:
    regressors = np.column_stack([exogenous, made.mentored])
    instruments = np.column_stack([exogenous, made.others_won])
    rows, terms = regressors.shape
    if not independent(instruments).all() or rows <= terms:
        return None
    centre = made.outcome.mean()
    bread = np.linalg.inv(instruments.T @ regressors)
    beta = bread @ instruments.T @ (made.outcome - centre)
    left = made.outcome - centre - regressors @ beta
    code = np.unique(made.team, return_inverse=True)[1]
    groups = int(code.max()) + 1
    sums = np.zeros((groups, terms))
    np.add.at(sums, code, instruments * left[:, None])
    factor = groups / (groups - 1) * (rows - 1) / (rows - terms)
    cov = factor * bread @ (sums.T @ sums) @ bread.T
    one = np.eye(terms)
    own, slope = one[terms - 2], one[terms - 1]
    gradients = {
        "slope": slope,
        "untreated": slope * made.mentored[~made.won].mean(),
        "own": own,
        "winners_total": own + slope * made.mentored[made.won].mean(),
    }
    winners = int(made.won.sum())
    base = Figures(
        estimate=0.0, std_error=0.0, t_df=groups - 1, df=groups - 1,
        counts=(winners, rows - winners, rows), convention=_CLUSTERED,
        size=float(np.abs(made.outcome).max()),
    )  # fmt: skip
    return {
        name: replace(base, estimate=float(g @ beta), std_error=float(np.sqrt(g @ cov @ g)))
        for name, g in gradients.items()
    }
