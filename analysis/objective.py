"""A rating and an objective outcome of the same people: whether the measured one agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics.who_rates import confirmed
from analysis.estimate import OBJECTIVE
from analysis.estimators.opt_in_results import headline
from analysis.estimators.opt_in_setting import make_setting
from analysis.estimators.results import relabelled
from analysis.opt_in import as_adjusted
from analysis.randomised import primary_results

if TYPE_CHECKING:
    from analysis.diagnostics import Diagnostic
    from analysis.estimate import Result
    from analysis.panel import Panel
    from analysis.study import StudySpec


def objective_spec(spec: StudySpec) -> StudySpec:
    """The same question about the objective outcome that the study names."""
    return spec.model_copy(update={"outcome": spec.outcome.objective, "dose": (), "practices": ()})


def objective_result(panel: Panel, spec: StudySpec) -> Result:
    """The headline's estimator on the objective outcome; ``spec`` is of :func:`objective_spec`."""
    adjusted = as_adjusted(panel, spec)
    if spec.design == "opt_in":
        found = headline(make_setting(adjusted, spec, spec.arms.treated[0], spec.follow_up.primary))
    else:
        found = primary_results(adjusted, spec)[0]
    words = spec.outcome.label or spec.outcome.metric.replace("_", " ")
    text = f"{found.target.estimator}, {words}"
    return relabelled(found, name=OBJECTIVE, estimator=text)


def with_objective(
    checks: tuple[Diagnostic, ...], rating: Result, objective: Result, higher_is: str
) -> tuple[Diagnostic, ...]:
    """The checks, the one on who rates as the objective outcome leaves it."""
    return tuple(
        confirmed(c, rating, objective, higher_is) if c.name == "who_rates" else c for c in checks
    )
