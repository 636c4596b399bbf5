"""A release without what may not be shown beside what was shown before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.benefits.members import column_of_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from analysis.disclosure import Release, ReleasedEstimate
    from analysis.released_interactions import ReleasedInteraction


def without_groups(release: Release, variables: Collection[str], why: str) -> Release:
    """The release with the groups of these subgroup variables, and their tests, hidden."""
    names = {column_of_name(v) for v in variables}
    reason = f"Not renewed: {why}."
    return replace(
        release,
        estimates=tuple(
            _hidden(e, reason) if e.name in names and e.status == "released" else e
            for e in release.estimates
        ),
        interactions=tuple(
            _untold(i, reason) if i.variable in variables else i for i in release.interactions
        ),
    )


def without_figures(release: Release, why: str) -> Release:
    """The release with nothing about anybody but whether each check passed, and the reason."""
    reason = f"{why[0].upper()}{why[1:]}."
    return replace(
        release,
        reasons=(*release.reasons, f"Not shown: {why}."),
        estimates=tuple(
            e if e.status == "withheld" else _hidden(e, reason) for e in release.estimates
        ),
        diagnostics=tuple(replace(d, value=None, display="not shown") for d in release.diagnostics),
        steps=(),
        groups=(),
        balances=(),
        curves=(),
        interactions=tuple(_untold(i, reason) for i in release.interactions),
    )


def _hidden(estimate: ReleasedEstimate, reason: str) -> ReleasedEstimate:
    return replace(
        estimate, status="suppressed", reason=reason, convention="", estimate=None, std_error=None,
        ci_low=None, ci_high=None, p_value=None, n_people=None, n_rows=None,
    )  # fmt: skip


def _untold(test: ReleasedInteraction, reason: str) -> ReleasedInteraction:
    return replace(
        test, status="suppressed", reason=reason, p_value=None, p_holm=None, p_bh=None,
        verdict="not_tested",
    )  # fmt: skip
