"""Is there anybody to compare the joiners with: near comparators, open choices, enough weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logit

from analysis.diagnostics import Diagnostic, Share, Status
from analysis.diagnostics.overlap import preference as preference_score
from analysis.diagnostics.wording import per_cent, share_text
from analysis.estimators.weighting import effective_size, weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.diagnostics.thresholds import Thresholds
    from analysis.estimators.cells import Cells
    from analysis.estimators.opt_in_setting import Setting

CALIPER = 0.2  # standard deviations of the logit (Austin 2011, Pharmaceutical Statistics 10:150)
OPEN = (0.3, 0.7)  # preference scores of an open choice (Walker et al. 2013)
_NOT_MADE = "the chance of joining could not be estimated"
_TRIM = "Study people who had a counterpart (`trimmed` says what is left), and say so."


def with_a_comparator(cells: Cells, chance: NDArray[np.float64]) -> float:
    """Share of joiners with a comparator within the caliper of their logit."""
    possible = chance > 0  # people of a category that nobody joined from are near no joiner
    cells, chance = cells.where(possible), chance[possible]
    at = logit(np.clip(chance, 1e-15, 1 - 1e-15))
    everybody = cells.people.sum(axis=0)
    mean = at @ everybody / everybody.sum()
    caliper = CALIPER * np.sqrt((at - mean) ** 2 @ everybody / everybody.sum())
    others = np.sort(at[cells.people[0] > 0])
    place = np.searchsorted(others, at)
    low = at - others[np.maximum(place - 1, 0)]
    high = others[np.minimum(place, len(others) - 1)] - at
    near = np.minimum(np.abs(low), np.abs(high)) <= caliper + 1e-12
    return float(cells.people[1] @ near / cells.people[1].sum())


def open_choice(
    cells: Cells, chance: NDArray[np.float64], trial: NDArray[np.int64] | None = None
) -> float:
    """Share of people whose preference score lies in .3 to .7 (Walker et al. 2013)."""
    preference, compared = preference_score(cells, chance, trial)
    preference = preference[compared]
    inside = (preference >= OPEN[0]) & (preference <= OPEN[1])
    people = cells.people.sum(axis=0)[compared]
    return float(people @ inside / people.sum())


def comparability(setting: Setting, chance: NDArray[np.float64] | None) -> tuple[Diagnostic, ...]:
    """Three checks: comparators within the caliper, equipoise, effective size of the comparison."""
    limits = setting.spec.thresholds
    return (
        _caliper(setting, chance, limits),
        _equipoise(setting, chance, limits),
        _effective(setting, chance, limits),
    )


def _caliper(
    setting: Setting, chance: NDArray[np.float64] | None, limits: Thresholds
) -> Diagnostic:
    share = None if chance is None else with_a_comparator(setting.cells, chance)
    status: Status = "fail"
    if share is not None and share >= limits.comparable_fail:
        status = "pass" if share >= limits.comparable_warn else "warn"
    joined = setting.choice.people[0]
    return Diagnostic(
        name="comparability",
        label=f"People of {setting.arm} with a comparator near them",
        value=share,
        display=_NOT_MADE if share is None else share_text(share),
        threshold=f"warn below {per_cent(limits.comparable_warn)} %, "
        f"fail below {per_cent(limits.comparable_fail)} %",
        status=status,
        remedy="" if status == "pass" else _TRIM,
        n_smallest=joined,
        shares=() if share is None else (Share("", round(share * joined), joined),),
    )


def _equipoise(
    setting: Setting, chance: NDArray[np.float64] | None, limits: Thresholds
) -> Diagnostic:
    share = None if chance is None else open_choice(setting.cells, chance)
    low = share is not None and share < limits.equipoise_warn
    everybody = len(setting.choice.outcome)
    return Diagnostic(
        name="equipoise",
        label=f"People whose choice of {setting.arm} was open (preference score "
        f"{OPEN[0]:g} to {OPEN[1]:g})",
        value=share,
        display=_NOT_MADE if share is None else share_text(share),
        threshold=f"warn below {per_cent(limits.equipoise_warn)} %",
        status="note" if share is None else "warn" if low else "pass",
        remedy="Most people were nearly sure to join or to stay out. " + _TRIM if low else "",
        n_smallest=everybody,
        shares=() if share is None else (Share("", round(share * everybody), everybody),),
    )


def _effective(
    setting: Setting, chance: NDArray[np.float64] | None, limits: Thresholds
) -> Diagnostic:
    joined = setting.choice.people[0]
    size = None
    status: Status = "fail"
    if chance is not None:
        size = effective_size(setting.cells.people[0], weights(chance, "att")[0])
        if size >= limits.effective_size_fail:
            status = "pass" if size >= joined else "warn"
    about = None if size is None else float(5 * round(size / 5))
    return Diagnostic(
        name="effective_sample_size",
        label=f"Effective size of the comparison with {setting.arm}",
        value=size,
        display=_NOT_MADE if size is None else f"{size:,.0f} people",
        threshold="warn below the number of people who joined, "
        f"fail below {limits.effective_size_fail:g}",
        status=status,
        remedy=""
        if status == "pass"
        else "Few of the comparison carry most of the weight. More people who stayed out, or a "
        "population closer to them, would make the answer firmer.",
        n_smallest=None if size is None else min(joined, int(size)),
        coarse=None if about is None else (about, f"about {about:,.0f} people"),
    )
