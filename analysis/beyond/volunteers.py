"""Two-branch decomposition of a study: from two programmes to results and checks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.beyond.bystanders import marked, with_bystanders
from analysis.beyond.spec import BRANCHES, NOT_DRAWN
from analysis.diagnostics import Diagnostic, Share
from analysis.diagnostics.balance import balance
from analysis.diagnostics.sample_ratio import sample_ratio
from analysis.errors import SpecError
from analysis.estimate import NotEstimable
from analysis.estimators.aggregate import simultaneous, with_df
from analysis.estimators.cells import build_cells
from analysis.estimators.results import Figures, make_estimate, make_target
from analysis.estimators.sample import dummies, fill_missing
from analysis.estimators.two_branches import Branches, derive, fieller, two_branches
from analysis.randomised import with_covariates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.cohort import Cohort
    from analysis.estimate import Result, Target
    from analysis.estimators.cells import Cells
    from analysis.panel import Panel
    from analysis.study import StudySpec

FOUR = ("all", "in", "out", "selection")  # under one simultaneous band
ESTIMANDS = {
    "all": "effect on everybody, volunteers or not",
    "in": "effect on those who opt in",
    "out": "effect on those who do not opt in",
    "selection": "selection: those who opt in less the others, nobody mentored; not an effect",
    "controls": "people without a mentor, mandatory less voluntary branch; 0 if branches are alike",
}
FIELLER, BAND = "Two branches, Fieller interval", "Two branches, simultaneous band of the four"
_HOW = "influence functions of both branches together, HC2 by arm, delta method"
_ALL_OPTED_IN = "so few did not opt in that their share cannot be told from none"


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch: its cohort, and the panel made of it."""

    cohort: Cohort
    panel: Panel


def voluntary_study(spec: StudySpec) -> StudySpec:
    """The study as asked in the voluntary branch, those who did not opt in an arm of their own."""
    voluntary = spec.branches.voluntary if spec.branches else ""
    other = with_bystanders(spec, voluntary)
    drawn = spec.allocation.model_copy(update={"lottery": ()})  # rosters are of the other draw
    return other.model_copy(update={"allocation": drawn})


def voluntary_funnel(spec: StudySpec, funnel: pd.DataFrame) -> pd.DataFrame:
    """The funnel of the voluntary branch, everybody with a day and an arm.

    Raises SpecError where those who did not opt in have no time zero.
    """
    if funnel.empty:
        raise SpecError(
            "branches.voluntary",
            "nobody is recorded in this programme as known at the study's date",
            "Check the programme's id, and that its enrolments were delivered before the date.",
        )
    out = funnel["arm"].isna() & funnel["applied_on"].isna()
    if not out.any():
        raise SpecError(
            "branches.voluntary",
            "everybody there opted in, so nothing can be said of others",
            "Enrol everybody who was sent into this branch, and leave `applied_on` empty for those "
            "who did not opt in.",
        )
    if (funnel["arm"].isna() & ~out).any():
        raise SpecError(
            "branches.voluntary",
            "somebody opted in and has no arm, and the share that opts in must count everybody",
            "Give everybody who opted in the arm that was drawn; who withdrew before the draw did "
            "not opt in, and has no `applied_on`.",
        )
    if funnel.loc[out, "time_zero"].isna().all():
        raise SpecError(
            "time_zero",
            f"{spec.time_zero} is empty for everybody who did not opt in",
            "Write a day that all have, `time_zero: invited_on` or `eligible_on`.",
        )
    return marked(funnel, out)


def decompose(
    spec: StudySpec, mandatory: Branch, voluntary: Branch, roster: Diagnostic
) -> tuple[tuple[Result, ...], tuple[Diagnostic, ...]]:
    """Effects by choice and selection, and the checks of the voluntary branch as notes."""
    both = set(mandatory.cohort.people["person_no"]) & set(voluntary.cohort.people["person_no"])
    if both:
        raise SpecError(
            "branches.voluntary",
            "the same people are in both branches",
            "Enrol each person in the branch they were sent to.",
        )
    # Codes of clusters are common to both branches.
    names = [_cluster_names(spec, b.cohort) for b in (mandatory, voluntary)]
    codes = pd.factorize(pd.concat(names, ignore_index=True), sort=True)[0]
    first, second = (codes[: len(names[0])], codes[len(names[0]) :])
    arm = spec.arms.treated[0]
    drawn = voluntary.panel.pair(arm)
    checks = _checks(spec, drawn, voluntary.cohort, roster)
    groups = (
        _cells(spec, mandatory.panel.pair(arm), mandatory.cohort, first),
        _cells(spec, drawn, voluntary.cohort, second),
        _cells(spec, _others(voluntary.panel), voluntary.cohort, second, plain=True),
    )
    failed = any(c.status == "fail" for c in checks)
    found = "the draw among those who opted in failed a check" if failed else two_branches(*groups)
    results = _results(spec, mandatory.panel.pair(arm), groups, found)
    notes = tuple(c if c.status == "pass" else replace(c, status="note") for c in checks)
    return results, notes


def _cluster_names(spec: StudySpec, cohort: Cohort) -> pd.Series[str]:
    column = "person_no" if spec.cluster == "person" else spec.cluster
    return cohort.people[column].astype("string").fillna("").reset_index(drop=True)


def _others(panel: Panel) -> Panel:
    """Those who did not opt in, as a comparison without a treated arm."""
    people = panel.people[panel.people["arm"] == NOT_DRAWN]
    kept = panel.rows["person"].isin(people["person"])
    rows = panel.rows[kept].reset_index(drop=True)
    return replace(
        panel, people=people.reset_index(drop=True), rows=rows, treated=(), comparison=NOT_DRAWN
    )


def _cells(
    spec: StudySpec,
    panel: Panel,
    cohort: Cohort,
    codes: NDArray[np.int64],
    *,
    plain: bool = False,
) -> Cells:
    """Cells of the people with an outcome in the primary window, its mean their one figure."""
    adjusted = with_covariates(panel, () if plain else spec.adjust_for) or panel
    figure = adjusted.between(*spec.follow_up.primary).rows.groupby("person")["outcome"].mean()
    people = adjusted.people[adjusted.people["person"].isin(figure.index)]
    values = people[list(adjusted.covariates)].to_numpy(dtype=float)
    if plain:
        values = values[:, :0]
    if spec.missing_covariates == "drop":
        known = ~np.isnan(values).any(axis=1)
        people, values = people[known], values[known]
    strata = dummies(people["stratum"].to_numpy(dtype=np.int64))
    cluster = None
    if spec.cluster != "person":
        place = pd.Index(cohort.people["person_no"]).get_indexer(people["person"])
        cluster = codes[place]
    return build_cells(
        fill_missing(values) if plain else np.column_stack([fill_missing(values), strata]),
        people["arm"].isin(panel.treated).to_numpy(),
        people["person"].map(figure).to_numpy(dtype=float),
        cluster=cluster,
        exact_rows=panel.exact_rows,
    )


def _checks(
    spec: StudySpec, drawn: Panel, cohort: Cohort, roster: Diagnostic
) -> tuple[Diagnostic, ...]:
    """Checks of the draw among those who opted in, and the share that did."""
    adjusted = with_covariates(drawn, spec.adjust_for) or drawn
    made = (roster, sample_ratio(adjusted, spec), balance(adjusted, spec))
    opted = int((cohort.people["arm"] != NOT_DRAWN).sum())
    share = Diagnostic(
        name="opted_in",
        label="People of the voluntary branch who opted in",
        value=opted / len(cohort.people),
        display=f"{100 * opted / len(cohort.people):.1f} %",
        threshold="not gated",
        status="note",
        remedy="",
        n_smallest=min(opted, len(cohort.people) - opted),
        shares=(Share("", opted, len(cohort.people)),),
    )
    named = (
        replace(c, name=f"voluntary_{c.name}", label=f"Voluntary branch: {c.label}") for c in made
    )
    return (*named, share)


def _results(
    spec: StudySpec, pair: Panel, groups: tuple[Cells, Cells, Cells], found: Branches | str
) -> tuple[Result, ...]:
    log, window = spec.outcome.per_cent, spec.follow_up.primary

    def target(name: str, estimator: str = "Two branches", prefix: str = "") -> Target:
        return make_target(
            pair, spec, pair.treated[0], window,
            name=f"{BRANCHES}{prefix}{name}", estimator=estimator, estimand=ESTIMANDS[name],
        )  # fmt: skip

    if isinstance(found, str):
        return tuple(NotEstimable(target=target(name), reason=found) for name in ESTIMANDS)
    derived = derive(found.parts)
    gradients = np.array([derived[name].gradient for name in FOUR])
    band = simultaneous(
        gradients @ found.covariance @ gradients.T, np.random.default_rng(spec.seed())
    )
    limits = fieller(found)
    made: list[Result] = []
    for name in ESTIMANDS:
        if name == "out" and limits is None:
            made.append(NotEstimable(target=target(name), reason=_ALL_OPTED_IN))
            continue
        figures = _figures(found, groups, name)
        made.append(_shown(target(name), figures, groups, log))
        if name == "out":
            other = replace(figures, interval=limits)
            made.append(_shown(target(name, FIELLER, "fieller."), other, groups, log))
        if name in FOUR:
            half = with_df(band, figures.t_df) * figures.std_error
            ends = (figures.estimate - half, figures.estimate + half)
            wide = replace(figures, interval=ends, convention=f"{_HOW}; simultaneous band")
            made.append(_shown(target(name, BAND, "band."), wide, groups, log))
    return tuple(made)


def _figures(found: Branches, groups: tuple[Cells, Cells, Cells], name: str) -> Figures:
    one = derive(found.parts)[name]
    error, df = found.linear(one.gradient)
    (all_0, all_1), (in_0, in_1), (out, _) = (g.counts for g in groups)
    treated, others = {
        "all": (all_1, all_0),
        "in": (in_1, in_0),
        "out": (all_1 + in_1, all_0 + in_0 + out),
        "selection": (in_0, out),
        "controls": (all_0, in_0 + out),
    }[name]
    return Figures(
        estimate=one.value,
        std_error=error,
        t_df=df,
        df=float(found.df.min()) if found.clusters is None else found.clusters - 1.0,
        counts=(round(treated), round(others), round(treated + others)),
        convention=_HOW if found.clusters is None else f"{_HOW}, clustered",
        size=max(g.size for g in groups),
    )


def _shown(
    target: Target, figures: Figures, groups: tuple[Cells, Cells, Cells], log: bool
) -> Result:
    """The result; its smallest group is any of the five, since figures follow from each other."""
    made = make_estimate(target, figures, log=log)
    if isinstance(made, NotEstimable):
        return made
    return replace(made, n_smallest=round(min(n for g in groups for n in g.counts if n)))
