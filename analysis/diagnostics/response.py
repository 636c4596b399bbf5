"""Who has an outcome: shares by arm and month, and whether arms differ in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.diagnostics import Diagnostic, Share, Status
from analysis.diagnostics.wording import (
    per_cent,
    points_text,
    share_text,
    whole_points_text,
    whole_share_text,
)
from analysis.estimators.linear import fit_ols
from analysis.estimators.sample import dummies

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.diagnostics.thresholds import Thresholds
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

_MISSING_REMEDY = (
    "Find out why results are missing more often in one arm (exits, a changed team, late "
    "reporting). Read the Lee bounds beside the answer."
)
_NOT_GATED = "not gated: see the difference between arms"


def recorded_shares(panel: Panel, window: Window) -> pd.Series[float]:
    """Share of the measured event months of the window with an outcome, by person number."""
    rows = panel.between(*window).rows
    rows = rows[rows["person"].isin(panel.people["person"])]
    months = max(rows["event_month"].nunique(), 1)
    seen = rows.groupby("person").size().reindex(panel.people["person"], fill_value=0)
    return seen.astype(float) / months


def response(panel: Panel, spec: StudySpec) -> tuple[Diagnostic, ...]:
    """One note an arm: share of person x measured event months of the primary window."""
    shares = np.asarray(recorded_shares(panel, spec.follow_up.primary), dtype=np.float64)
    notes: list[Diagnostic] = []
    for arm in (panel.comparison, *panel.treated):
        of_arm = (panel.people["arm"] == arm).to_numpy()
        share = float(shares[of_arm].mean()) if of_arm.any() else None
        notes.append(
            Diagnostic(
                name="response",
                label=f"Outcome recorded, {arm}",
                value=share,
                display="no people" if share is None else share_text(share),
                threshold=_NOT_GATED,
                status="note",
                remedy="",
                n_smallest=told_of(shares[of_arm]),
                shares=_of_people(shares[of_arm]),
                coarse=None if share is None else (round(share, 2), whole_share_text(share)),
            )
        )
    return tuple(notes)


def _of_people(shares: NDArray[np.float64]) -> tuple[Share, ...]:
    """A mean of shares (n,) that is a share of people, since each has all of it or nothing."""
    if not len(shares) or not np.isin(shares, (0.0, 1.0)).all():
        return ()
    return (Share("", int(shares.sum()), len(shares)),)


def told_of(shares: NDArray[np.float64]) -> int:
    """Fewest people that a mean of shares (n,) tells of: all, those with something missing, or
    those with anything at all.
    """
    told = (int((shares < 1).sum()), int((shares > 0).sum()))
    return min((n for n in told if n), default=len(shares))


def response_by_month(panel: Panel, spec: StudySpec) -> tuple[Diagnostic, ...]:
    """One note a measured month of the primary window: each arm's share with an outcome.

    ``value`` is the largest difference between a treated arm and the comparison.
    """
    people = panel.people.groupby("arm").size()
    rows = panel.between(*spec.follow_up.primary).rows.merge(panel.people, on="person")
    notes: list[Diagnostic] = []
    for month in sorted(rows["event_month"].unique()):
        seen = rows[rows["event_month"] == month].groupby("arm").size()
        arms = [arm for arm in (panel.comparison, *panel.treated) if people.get(arm, 0) > 0]
        told = tuple(Share(arm, int(seen.get(arm, 0)), int(people[arm])) for arm in arms)
        shares = {arm: s.people / s.of for arm, s in zip(arms, told, strict=True)}
        gaps = [abs(shares[a] - shares.get(panel.comparison, np.nan)) for a in arms[1:]]
        notes.append(
            Diagnostic(
                name="response_by_month",
                label=f"Outcome recorded, month {month}",
                value=max(gaps) if gaps else None,
                display=f"month {month}: "
                + ", ".join(f"{s.label} {share_text(s.people / s.of)}" for s in told),
                shares=told,
                threshold=_NOT_GATED,
                status="note",
                remedy="",
                n_smallest=int(people[arms].min()),
            )
        )
    return tuple(notes)


def differential_missing(panel: Panel, spec: StudySpec) -> tuple[Diagnostic, ...]:
    """One check a treated arm: its share with an outcome less the comparison's, within strata."""
    return tuple(_one_arm(panel, arm, spec) for arm in panel.treated)


def _one_arm(panel: Panel, arm: str, spec: StudySpec) -> Diagnostic:
    pair = panel.pair(arm)
    of_arm = (pair.people["arm"] == arm).to_numpy()
    shares = recorded_shares(panel, spec.follow_up.primary)
    of_pair = np.asarray(shares[pair.people["person"]], dtype=np.float64)
    return missing_verdict(
        f"Outcome recorded, {arm} less {panel.comparison}",
        _difference(pair, of_pair, of_arm, spec),
        min(told_of(of_pair[of_arm]), told_of(of_pair[~of_arm])),
        spec.thresholds,
        _MISSING_REMEDY,
    )


def missing_verdict(
    label: str,
    figures: tuple[float, float, float],
    n_smallest: int,
    limits: Thresholds,
    remedy: str,
) -> Diagnostic:
    """Verdict on a difference in shares with an outcome, given with its 95 % interval."""
    difference, low, high = figures
    surely = max(low, -high, 0.0)  # 95 % lower limit of the size of the difference
    status: Status = "pass"
    if surely > limits.missing_fail:
        status = "fail"
    elif abs(difference) > limits.missing_warn:
        status = "warn"
    return Diagnostic(
        name="differential_missing_outcome",
        label=label,
        value=difference,
        display=f"{points_text(difference)} (95 % interval {points_text(low).split()[0]} to "
        f"{points_text(high)})",
        threshold=f"warn above {per_cent(limits.missing_warn)} points either way, fail when the "
        f"95 % limit nearest zero is above {per_cent(limits.missing_fail)} points",
        status=status,
        remedy="" if status == "pass" else remedy,
        n_smallest=n_smallest,
        coarse=(
            round(difference, 2),
            f"{whole_points_text(difference)} (95 % interval "
            f"{whole_points_text(low).split()[0]} to {whole_points_text(high)})",
        ),
    )


def _difference(
    pair: Panel, shares: NDArray[np.float64], of_arm: NDArray[np.bool_], spec: StudySpec
) -> tuple[float, float, float]:
    """Difference of shares (n,) with its 95 % interval; no width where nobody differs."""
    if not of_arm.any() or of_arm.all():
        return 0.0, 0.0, 0.0
    strata = dummies(pair.people["stratum"].to_numpy(dtype=np.int64))
    fit = fit_ols(
        shares,
        np.hstack([np.ones((len(shares), 1)), strata]),
        of_arm.astype(float)[:, None],
        pair.people["cluster"].to_numpy(dtype=np.int64),
        covariance=spec.covariance,
        cluster_name=spec.cluster,
    )
    if fit is None or not fit.identified[0]:
        plain = float(shares[of_arm].mean() - shares[~of_arm].mean())
        return plain, plain, plain
    difference, error = fit.figures(0)
    half = float(stats.t.ppf(0.975, fit.t_df[0])) * error if fit.t_df[0] > 0 else 0.0
    return difference, difference - half, difference + half
