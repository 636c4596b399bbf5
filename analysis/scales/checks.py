"""Checks of a study of a survey scale, beside those of its design."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.diagnostics import Diagnostic
from analysis.diagnostics.exit_records import unknown_kinds
from analysis.diagnostics.invariance import invariance
from analysis.diagnostics.power import minimum_detectable_effect
from analysis.diagnostics.reliability import scale_reliability
from analysis.diagnostics.response_bounds import response_bounds
from analysis.opt_in import diagnose_opt_in
from analysis.randomised import diagnose_randomised
from analysis.scales.results import in_window, primary_only
from analysis.scales.standing_in import answers_by_arm, whole_panel

if TYPE_CHECKING:
    from analysis.scales.study import Measure, ScaleStudy

_PLAIN: dict[Measure, str] = {
    "composite": "left voluntarily or high score",
    "above_cut": "high score",
    "score": "score",
}


def diagnose_scale(study: ScaleStudy, items: pd.DataFrame) -> tuple[Diagnostic, ...]:
    """All checks but that of later exits; ``items`` is what the query of items returns."""
    spec, window = study.spec, study.spec.follow_up.primary
    design = diagnose_opt_in if spec.design == "opt_in" else diagnose_randomised
    checks = [*design(study.panel(window, study.headline), primary_only(spec))]
    if study.beside:  # the headline has an error of its own, with stand-ins
        checks += [enough_answers(study), exit_kinds(study)]
        checks = [c for c in checks if c.name != "minimum_detectable_effect"]
        whole = whole_panel(study, window)
        found = in_window(study, window, study.headline, "primary", whole)
        checks += minimum_detectable_effect(found, spec)
    for measure in (study.headline, *(m for m in study.beside if m != "score")):
        checks += bounds_of(study, measure)
    checks += _of_items(study, items)
    return (*checks, *study.answers.notes)


def enough_answers(study: ScaleStudy) -> Diagnostic:
    """Whether enough people of each arm answered to stand for those who did not."""
    given = answers_by_arm(study, study.spec.follow_up.primary)
    fewest = min(
        int(given.get(arm, 0)) for arm in (*study.spec.arms.treated, study.spec.arms.comparison)
    )
    least = study.spec.thresholds.answers_fail
    failed = fewest < least
    return Diagnostic(
        name="enough_answers",
        label="People who stayed and answered in the smallest arm",
        value=float(fewest),
        display=f"{fewest:,} people",
        threshold=f"fail below {least} people, too few to stand for the others",
        status="fail" if failed else "pass",
        remedy="Ask again those who did not answer, or study a wave that more people answered."
        if failed
        else "",
        n_smallest=fewest,
        coarse=(float(5 * round(fewest / 5)), f"about {5 * round(fewest / 5):,} people"),
    )


def exit_kinds(study: ScaleStudy) -> Diagnostic:
    """Whether it is known of the exits by the window's end that people left by their own choice."""
    people, last = study.answers.people, study.spec.follow_up.primary[1]
    return unknown_kinds(
        (people["unknown_month"] <= last).to_numpy(dtype=bool),
        (people["exit_month"] <= last).to_numpy(dtype=bool),
        study.spec.thresholds,
    )


def bounds_of(study: ScaleStudy, measure: Measure) -> list[Diagnostic]:
    """Worst-case limits of a measure, one note a treated arm.

    Everybody of both groups counts; missing outcomes are set to the worst for one and the best for
    the other, and the headline's estimator is used again.
    """
    spec, window = study.spec, study.spec.follow_up.primary
    values, arms = study.values(window, measure), study.cohort.people.set_index("person_no")["arm"]
    treated = (arms.reindex(values.index) != spec.arms.comparison).to_numpy(dtype=bool)
    missing = values.isna().to_numpy(dtype=bool)
    least, most = study.range if measure == "score" else (0.0, 1.0)
    # Limits of the two measures differ by who left without an answer, in each arm by itself.
    left = study.values(window, study.headline).reindex(values.index).notna().to_numpy(dtype=bool)
    ends = []
    for for_treated, for_others in ((least, most), (most, least)):
        filled = np.where(missing, np.where(treated, for_treated, for_others), values)
        worst = pd.Series(filled, index=values.index)
        panel = study.panel(window, measure, worst)
        ends.append(in_window(study, window, measure, "response_bounds", panel))
    found: list[Diagnostic] = []
    for low, high in zip(*ends, strict=True):
        arm = low.target.arm
        of_arm = (arms.reindex(values.index) == arm).to_numpy(dtype=bool)
        counts = tuple(
            int((which & group).sum())
            for which in (missing, missing & left)
            for group in (of_arm, ~treated)
        )
        what = f"{_PLAIN[measure]}, {arm}"
        found.append(response_bounds(low, high, what, low.target.unit, counts))
    return found


def wide_items(items: pd.DataFrame) -> pd.DataFrame:
    """One row a person and wave, a column an item; nan where not answered."""
    wide = items.pivot(index=["person_no", "wave"], columns="item", values="value")
    return wide.astype(float).reset_index()


def _of_items(study: ScaleStudy, items: pd.DataFrame) -> list[Diagnostic]:
    """Reliability, and whether items mean the same to both arms (first answers in the window) and
    in every wave; of the study's people.
    """
    if study.item is not None:
        return [_single(name) for name in ("scale_reliability", "invariance")]
    people = study.cohort.people["person_no"]
    metric, limits = study.spec.outcome.metric, study.spec.thresholds
    wide = wide_items(items[items["person_no"].isin(people)])
    names = sorted(items["item"].unique())
    first = study.answers.first(study.spec.follow_up.primary).reset_index()
    own = first[["person", "wave"]].rename(columns={"person": "person_no"})
    own = own.merge(study.cohort.people[["person_no", "arm"]], on="person_no")
    counted = own.merge(wide, on=["person_no", "wave"])
    groups = ((counted["arm"], counted, "arm"), (wide["wave"], wide, "wave"))
    alike = [
        invariance(
            frame, names, pd.factorize(group, sort=True)[0], across, limits, gated=across == "arm"
        )
        for group, frame, across in groups
    ]
    return [*scale_reliability(items, people, metric, limits), *alike]


def _single(name: str) -> Diagnostic:
    return Diagnostic(
        name=name,
        label="Agreement of the items",
        value=None,
        display="one question, with no others to compare it with",
        threshold="not gated",
        status="note",
        remedy="",
    )
