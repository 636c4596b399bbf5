"""Results of an opt-in design: each estimator in one window, for one arm."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.estimate import Estimate
from analysis.estimators.aipw import aipw
from analysis.estimators.entropy_balance import balanced_difference, entropy_balance
from analysis.estimators.logit import fit_logit
from analysis.estimators.nuisance import FOLDS, cross_fit, fit_nuisance
from analysis.estimators.opt_in_setting import Maker
from analysis.estimators.outcome_model import fit_by_arm
from analysis.estimators.standardisation import standardise
from analysis.estimators.trimming import LIMITS, trimmed
from analysis.estimators.weighting import raw_difference, weighted_difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.estimate import Result, Role
    from analysis.estimators.aipw import Whom
    from analysis.estimators.cells import Cells
    from analysis.estimators.logit import Logit
    from analysis.estimators.nuisance import Nuisance
    from analysis.estimators.opt_in_setting import Setting

ON_JOINERS = "effect on those who joined"
ON_ALL = "effect on everybody eligible"
ON_OTHERS = "effect on those who did not join"
ON_OPEN = "effect on people whose choice was open, by overlap weights"
NAIVE = "raw difference: not an effect"
CROSS_FITTED = f"cross-fitted in {FOLDS} folds of people"
PLUG_IN = "models fitted once (plug-in)"
_EMPTY = "hardly anybody is within the limits"
_FELL_BACK = f"{PLUG_IN}: a fold leaves too few people to fit the models without it"


Held = tuple["Nuisance | str", str]


def held_out(setting: Setting, cells: Cells | None = None) -> Held:
    """Cross-fitted models and how they were made, plug-in ones where a fold cannot be fitted.

    Whether it can be depends on who joined, never on outcomes.
    """
    used = setting.cells if cells is None else cells
    if setting.problem:
        return setting.problem, ""
    nuisance = cross_fit(used)
    if not isinstance(nuisance, str) and not isinstance(aipw(used, nuisance, "att"), str):
        return nuisance, CROSS_FITTED
    return fit_nuisance(used), _FELL_BACK


def headline(
    setting: Setting, *, held: Held | None = None, name: str = "primary", role: Role = "secondary"
) -> Result:
    """AIPW for those who joined from cross-fitted models."""
    nuisance, how = held or held_out(setting)
    return Maker(setting).doubly_robust(nuisance, "att", name, ON_JOINERS, how, role=role)


def companions(setting: Setting, held: Held) -> Iterator[Result]:
    """Everything shown beside the headline in its window, the naive difference last."""
    made, cells, problem = Maker(setting), setting.cells, setting.problem
    plug_in = problem or fit_nuisance(cells)
    logit = problem or fit_logit(cells.design, cells.people)
    yield _of_others(made, held, plug_in, "ate", ON_ALL)
    yield _of_others(made, held, plug_in, "atc", ON_OTHERS)
    yield made.doubly_robust(plug_in, "att", "aipw_plug_in", ON_JOINERS, PLUG_IN)
    if setting.spec.outcome.link == "identity":  # a ratio for these people needs a mean of its own
        yield made.result(
            logit if isinstance(logit, str) else weighted_difference(cells, logit, "overlap"),
            "overlap", "Overlap weights", ON_OPEN,
        )  # fmt: skip
    balance = problem or entropy_balance(cells)
    yield made.result(
        balance if isinstance(balance, str) else balanced_difference(cells, balance),
        "entropy_balancing", "Entropy balancing", ON_JOINERS,
    )  # fmt: skip
    yield made.result(
        problem or standardise(cells, fit_by_arm(cells), "att"),
        "outcome_regression", "Outcome regression", ON_JOINERS,
    )  # fmt: skip
    yield made.result(
        logit if isinstance(logit, str) else weighted_difference(cells, logit, "att"),
        "ipw", "Inverse probability weights", ON_JOINERS,
    )  # fmt: skip
    yield from _within_limits(made, logit)
    text = "Ratio of means" if setting.spec.outcome.link == "log" else "Difference in means"
    yield made.result(problem or raw_difference(cells), "naive", text, NAIVE, role="naive")


def _of_others(
    made: Maker, held: Held, plug_in: Nuisance | str, whom: Whom, estimand: str
) -> Result:
    """AIPW beyond the joiners: plug-in where a fold knows no joiner of some category."""
    nuisance, how = held
    if not isinstance(nuisance, str) and isinstance(aipw(made.setting.cells, nuisance, whom), str):
        nuisance, how = plug_in, _FELL_BACK
    return made.doubly_robust(nuisance, whom, f"aipw_{whom}", estimand, how)


def _within_limits(made: Maker, logit: Logit | str) -> Iterator[Result]:
    """The headline again without people who were almost sure to join or to stay out, if any."""
    if isinstance(logit, str):
        return
    cells = trimmed(made.setting.cells, logit.chance)
    if cells.people.sum() == made.setting.cells.people.sum():
        return
    low, high = (f"{100 * limit:g} %" for limit in LIMITS)
    whom = f"{ON_JOINERS}, among people whose chance of joining was between {low} and {high}"
    nuisance, how = held_out(made.setting, cells) if min(cells.counts) > 1 else (_EMPTY, "")
    result = made.doubly_robust(nuisance, "att", "trimmed", whom, how, cells=cells)
    if isinstance(result, Estimate):  # beside the headline it tells of those left out
        pairs = zip(made.setting.cells.counts, cells.counts, strict=True)
        left_out = [round(all_of - kept) for all_of, kept in pairs if all_of > kept]
        result = replace(result, n_smallest=min(left_out))
    yield result
