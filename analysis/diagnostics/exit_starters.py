"""Is there anybody to compare the starters with, and are the two alike once weighted?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.balance import Balance
from analysis.diagnostics import Diagnostic, Share, Status
from analysis.diagnostics.adjusted_balance import love_plot
from analysis.diagnostics.alike import counter, rows_of
from analysis.diagnostics.comparability import OPEN, open_choice, with_a_comparator
from analysis.diagnostics.overlap import overlap_of, weights_of
from analysis.diagnostics.wording import (
    per_cent,
    sd_text,
    share_text,
    tenth_of_sd,
    whole_share_text,
)

if TYPE_CHECKING:
    from analysis.diagnostics.adjusted_balance import Difference
    from analysis.diagnostics.thresholds import Thresholds
    from analysis.exits.starters import Starters

_TRIM = "Study people some of whom started and some did not, and say so."
_REMEDY = (
    "Starters and the weighted others still differ at the baselines of their trials. Adjust for "
    "what drives the start, or study people who are closer to each other."
)
_LEVEL = 0.05  # of the test that a difference is above the limit, shared by all covariates


def starters_checks(
    starters: Starters | str, people: tuple[int, int], arms: tuple[str, str], limits: Thresholds
) -> tuple[Diagnostic, ...]:
    """Comparators near starters, open choices, balance after weighting, effective size.

    ``people`` of ``arms``: who started, and who was compared with them.
    """
    return (
        _comparable(starters, people, limits),
        _equipoise(starters, people, limits),
        _balance(starters, people, arms, limits),
        _effective(starters, people, limits),
    )


def _not_made(starters: Starters | str) -> str:
    return starters if isinstance(starters, str) else ""


def _comparable(
    starters: Starters | str, people: tuple[int, int], limits: Thresholds
) -> Diagnostic:
    share = (
        None if isinstance(starters, str) else with_a_comparator(starters.cells, starters.chance)
    )
    status: Status = "fail"
    if share is not None and share >= limits.comparable_fail:
        status = "pass" if share >= limits.comparable_warn else "warn"
    return Diagnostic(
        name="comparability",
        label="Starters with a comparator near them at the baseline of their trial",
        value=share,
        display=_not_made(starters) if share is None else share_text(share),
        threshold=f"warn below {per_cent(limits.comparable_warn)} %, "
        f"fail below {per_cent(limits.comparable_fail)} %",
        status=status,
        remedy="" if status == "pass" else _TRIM,
        n_smallest=people[0],
        shares=() if share is None else (Share("", round(share * people[0]), people[0]),),
    )


def _equipoise(starters: Starters | str, people: tuple[int, int], limits: Thresholds) -> Diagnostic:
    share = None
    if not isinstance(starters, str):
        share = open_choice(starters.cells, starters.chance, starters.month)
    low = share is not None and share < limits.equipoise_warn
    everybody = sum(people)
    return Diagnostic(
        name="equipoise",
        label="Months in which the choice to start was open (preference score "
        f"{OPEN[0]:g} to {OPEN[1]:g})",
        value=share,
        display=_not_made(starters) if share is None else share_text(share),
        threshold=f"warn below {per_cent(limits.equipoise_warn)} %",
        status="note" if share is None else "warn" if low else "pass",
        remedy="Most people were nearly sure to start, or not to. " + _TRIM if low else "",
        n_smallest=everybody,
        coarse=None if share is None else (round(share, 2), whole_share_text(share)),
    )


def _balance(
    starters: Starters | str, people: tuple[int, int], arms: tuple[str, str], limits: Thresholds
) -> Diagnostic:
    found = () if isinstance(starters, str) else love_plot(
        starters.names, starters.cells, starters.chance
    )  # fmt: skip
    limit = limits.adjusted_smd
    largest = max((abs(d.after) for d in found), default=None)
    status: Status = "fail"
    display = _not_made(starters) or "nothing to adjust for was named"
    if largest is not None and not isinstance(starters, str):
        error = float(np.sqrt(1 / max(starters.effective, 1.0) + 1 / max(people[0], 1)))
        surely = (largest - limit) / error > float(stats.norm.isf(_LEVEL / len(found)))
        status = ("fail" if surely else "warn") if largest > limit else "pass"
        display = f"{sd_text(largest, 2).lstrip('+')} ({len(found)} columns)"
    return Diagnostic(
        name="adjusted_balance",
        label="Largest difference left between starters and the weighted comparison",
        value=largest,
        display=display,
        threshold=f"warn above {limit:g} SD, fail when it is surely above {limit:g} SD",
        status=status,
        remedy="" if status == "pass" else _REMEDY,
        n_smallest=min(people),
        coarse=None
        if largest is None
        else (round(largest, 1), f"{tenth_of_sd(largest)} ({len(found)} columns)"),
        balances=()
        if isinstance(starters, str)
        else (_balance_of(starters, people, arms, found, limit),),
    )


def _balance_of(
    starters: Starters, people: tuple[int, int], arms: tuple[str, str],
    found: tuple[Difference, ...], limit: float,
) -> Balance:  # fmt: skip
    """The love plot at the baselines of trials, the overlap there, and people's weights."""
    cells = starters.cells
    rows, rest = rows_of(
        starters.names,
        cells.design[:, 1:].T,
        counter(cells.people, starters.month),
        {d.covariate: (d.before, d.after) for d in found},
    )
    return Balance(
        arm=arms[0], comparison=arms[1], people=people, rows=rows, rest=rest, limit=limit,
        trials=True, overlap=overlap_of(cells, starters.chance, starters.month),
        weights=weights_of(starters.weight, np.ones(len(starters.weight))),
    )  # fmt: skip


def _effective(starters: Starters | str, people: tuple[int, int], limits: Thresholds) -> Diagnostic:
    size = None if isinstance(starters, str) else starters.effective
    status: Status = "fail"
    if size is not None and size >= limits.effective_size_fail:
        status = "pass" if size >= people[0] else "warn"
    about = None if size is None else float(5 * round(size / 5))
    return Diagnostic(
        name="effective_sample_size",
        label="Effective size of the comparison with those who started",
        value=size,
        display=_not_made(starters) if size is None else f"{size:,.0f} people",
        threshold="warn below the number of people who started, "
        f"fail below {limits.effective_size_fail:g}",
        status=status,
        remedy="" if status == "pass" else "Few of the comparison carry most of the weight. More "
        "people who did not start, or a population closer to them, would make the answer firmer.",
        n_smallest=None if size is None else min(people[0], int(size)),
        coarse=None if about is None else (about, f"about {about:,.0f} people"),
    )  # fmt: skip
