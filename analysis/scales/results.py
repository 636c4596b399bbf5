"""Results of a study of a survey scale, the headline first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.estimate import Estimate
from analysis.estimators.lee import lee_bounds
from analysis.estimators.opt_in_results import headline
from analysis.estimators.opt_in_setting import make_setting
from analysis.estimators.permutation import randomisation_inference
from analysis.estimators.results import relabelled
from analysis.opt_in import as_adjusted, estimate_opt_in
from analysis.opt_in import estimate_specification as specified_opt_in
from analysis.randomised import (
    estimate_randomised,
    estimate_specification,
    primary_results,
)
from analysis.scales.other_forms import single_item, standardised
from analysis.scales.standing_in import answers_by_arm, weighted, whole_panel
from analysis.scales.study import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.estimate import Result
    from analysis.panel import Panel
    from analysis.scales.study import Measure, ScaleStudy
    from analysis.study import StudySpec, Window

STOOD_FOR = ", those who stayed without answering stood in for"


def estimate_scale(study: ScaleStudy) -> tuple[Result, ...]:
    """All results: the headline's as its design gives them, then the other measures.

    Without a cut the headline is the score; with one it is the composite, and the score, its
    standardised form and the share from the cut on stand beside.
    """
    spec, window = study.spec, study.spec.follow_up.primary
    estimate = estimate_opt_in if spec.design == "opt_in" else estimate_randomised
    found = estimate(whole_panel(study, window), primary_only(spec))
    results = [*(_for_everybody(study, found) if study.beside else found), *_other_windows(study)]
    if not study.beside:
        results += (*standardised(study, primary_of_arms(found)), *single_item(study))
        return (*results, *weighted(study, "score", "weighted"))
    results += telling_of_others(study, "composite", _of_those_known(study))
    results += telling_of_others(study, "composite", weighted(study, "composite", "weighted"))
    above = in_window(study, window, "above_cut", NAMES["above_cut"])
    results += telling_of_others(study, "above_cut", above)
    return (*results, *telling_of_others(study, "score", _scores(study)))


def _scores(study: ScaleStudy) -> tuple[Result, ...]:
    """The score beside a composite, in all its forms."""
    window = study.spec.follow_up.primary
    scores = in_window(study, window, "score", NAMES["score"])
    results = [*scores, *standardised(study, scores), *single_item(study)]
    if study.spec.design == "randomised":
        panel = as_adjusted(study.panel(window, "score"), study.spec)
        results += lee_bounds(panel, study.spec_of("score"), window)
    return (*results, *weighted(study, "score", "weighted_score"))


def telling_of_others(
    study: ScaleStudy, measure: Measure, found: Iterable[Result]
) -> tuple[Result, ...]:
    """Results of those with the measure, which beside a headline of everybody tell of the rest."""
    window = study.spec.follow_up.primary
    everybody = study.values(window, study.headline).index
    without = study.values(window, measure).reindex(everybody).isna()
    people = study.cohort.people.set_index("person_no")["arm"].reindex(everybody)
    counts = without.groupby(people).sum()
    results: list[Result] = []
    for result in found:
        if isinstance(result, Estimate):
            arms = [int(counts.get(a, 0)) for a in (result.target.arm, study.spec.arms.comparison)]
            told = [n for n in (*arms, result.n_smallest or 0) if n > 0]
            result = replace(result, n_smallest=min(told, default=None))
        results.append(result)
    return tuple(results)


def primary_only(spec: StudySpec) -> StudySpec:
    """The study without further windows and specifications: each has a panel of its own."""
    follow_up = spec.follow_up.model_copy(update={"windows": ()})
    return spec.model_copy(update={"follow_up": follow_up, "specifications": ()})


def primary_of_arms(results: tuple[Result, ...]) -> tuple[Result, ...]:
    """The headline and the same of the other arms."""
    return tuple(r for r in results if r.target.name == "primary")


def _for_everybody(study: ScaleStudy, found: tuple[Result, ...]) -> tuple[Result, ...]:
    """Results with stand-ins, called so. Redraws of lots would need those of every other draw."""
    named = (
        r
        if r.target.name == "first_stage"
        else replace(r, target=replace(r.target, estimator=f"{r.target.estimator}{STOOD_FOR}"))
        for r in found
        if r.target.name != "randomisation_inference"
    )
    return _resting_on_answers(study, study.spec.follow_up.primary, named)


def _resting_on_answers(
    study: ScaleStudy, window: Window, found: Iterable[Result]
) -> tuple[Result, ...]:
    """Results with stand-ins: these are made of the answers, which may be few in a large arm."""
    if not study.beside:
        return tuple(found)
    given = answers_by_arm(study, window)
    results: list[Result] = []
    for result in found:
        if isinstance(result, Estimate) and result.target.name != "first_stage":
            arms = (result.target.arm, study.spec.arms.comparison)
            fewest = min(int(given.get(arm, 0)) for arm in arms)
            told = fewest if result.n_smallest is None else min(fewest, result.n_smallest)
            result = replace(result, n_smallest=told)
        results.append(result)
    return tuple(results)


def _of_those_known(study: ScaleStudy) -> list[Result]:
    """The headline's estimator without stand-ins, and redraws of the lots.

    Under no effect on anybody nobody's leaving or answering depends on the draw either, so that
    redraws are exact among those of whom the outcome is known.
    """
    spec, window = study.spec, study.spec.follow_up.primary
    found = in_window(study, window, study.headline, "complete_cases")
    if spec.design != "randomised":
        return [*found]
    panel = as_adjusted(study.panel(window, study.headline), spec)
    redraws = randomisation_inference(panel, primary_only(spec), primary_results(panel, spec))
    return [*found, *redraws]


def in_window(
    study: ScaleStudy, window: Window, measure: Measure, name: str, panel: Panel | None = None
) -> tuple[Result, ...]:
    """The headline's estimator on one measure in one window, one secondary result an arm."""
    spec = study.spec_of(measure)
    made = as_adjusted(panel or study.panel(window, measure), spec)
    if spec.design == "opt_in":
        found = tuple(headline(make_setting(made, spec, arm, window)) for arm in made.treated)
    else:
        at = spec.follow_up.model_copy(update={"primary": window})
        found = primary_results(made, spec.model_copy(update={"follow_up": at}))
    return tuple(relabelled(r, name=name, estimand=study.words(measure)) for r in found)


def _other_windows(study: ScaleStudy) -> list[Result]:
    spec = study.spec
    results: list[Result] = []
    for window in spec.follow_up.windows:
        if window != spec.follow_up.primary:
            panel = whole_panel(study, window)
            made = in_window(study, window, study.headline, "window", panel)
            results += _resting_on_answers(study, window, made)
    make = specified_opt_in if spec.design == "opt_in" else estimate_specification
    for further in spec.specifications:
        window = (further.first_month, further.last_month)
        made = make(whole_panel(study, window), spec, further)
        results += _resting_on_answers(study, window, made)
    return results
