"""Keys that a design would read and then ignore: a study that declares one is refused.

``check_groups`` refuses those about groups told from days where arms are the recorded ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.errors import SpecError
from analysis.exits.rules import unused_of_exits
from analysis.study import Rollout

if TYPE_CHECKING:
    from analysis.study import StudySpec

    Unused = tuple[tuple[str, bool, str], ...]  # key, whether it is declared, why it says nothing


def refuse_unused(spec: StudySpec) -> None:
    """Raises SpecError for the first key of the study that its design does not use."""
    if spec.allocation.lottery and spec.design != "randomised":
        raise SpecError("allocation.lottery", "nobody's arm was drawn here", "Remove `lottery`.")
    if spec.allocation.lottery and len(spec.arms.treated) > 1:
        raise SpecError(
            "arms.treated", "a recorded draw has one winning arm", "Name that of those who won."
        )
    rollout = ("rollout", spec.rollout != Rollout(), "it is about sites that start")
    design, unused = {
        "rollout": ("a roll-out", _of_roll_out(spec)),
        "opt_in": ("an opt-in study", (rollout, *_of_opt_in(spec))),
    }.get(spec.design, (f"a {spec.design} study", (rollout,)))
    if spec.outcome.kind == "exit":
        design, unused = unused_of_exits(spec)
    for key, used, why in unused:
        if used:
            raise SpecError(key, f"says nothing in {design}: {why}", f"Remove `{key}`.")
    if spec.design == "rollout" and spec.outcome.metric in spec.negative_controls:
        raise SpecError("negative_controls", "names the outcome itself", "Name other metrics.")
    if spec.design == "rollout" and len(spec.arms.treated) > 1:
        raise SpecError("arms.treated", "a roll-out has one", "Name one treated arm.")


def _of_roll_out(spec: StudySpec) -> Unused:
    declared = spec.model_fields_set
    return (
        ("allocation.share", spec.allocation.share is not None, "starts are dealt as they were"),
        (
            "allocation.strata",
            bool(spec.allocation.strata) and not spec.rollout.drawn,
            "strata are those of a draw: add `rollout: {drawn: true}`, or remove them",
        ),
        ("start_dates", spec.start_dates != "recorded", "sites start when their people do"),
        ("start_dates_within", bool(spec.start_dates_within), "sites start when their people do"),
        ("matched_within", spec.matched_within is not None, "nobody is matched"),
        ("decided_within", "decided_within" in declared, "sites start when their people do"),
        ("notice_months", "notice_months" in declared, "nobody at a site chooses"),
        ("take_up", spec.take_up is not None, "everybody at a site counts"),
        ("estimator", spec.estimator is not None, "a roll-out has its own"),
        ("covariance", "covariance" in declared, "errors are clustered by what starts"),
        ("missing_covariates", "missing_covariates" in declared, "`not recorded` is a level"),
        ("specifications", bool(spec.specifications), "declare `follow_up.windows` instead"),
        (
            "adjust_for",
            bool(spec.adjust_for) and spec.outcome.kind == "count",
            "ratios take no covariates; use `kind: continuous` with `transform: log`",
        ),
    )


def _of_opt_in(spec: StudySpec) -> Unused:
    estimators = any("estimator" in s.model_fields_set for s in spec.specifications)
    covariance = "covariance" in spec.model_fields_set and not (spec.dose or spec.practices)
    return (
        ("estimator", spec.estimator is not None, "the headline is AIPW, others stand beside"),
        ("specifications.estimator", estimators, "each is AIPW with its own covariates and window"),
        ("covariance", covariance, "errors come from influence functions"),
        ("allocation.share", spec.allocation.share is not None, "nobody was drawn"),
    )
