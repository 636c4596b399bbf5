"""Balance of the arms before treatment: one omnibus randomisation test, and the SMDs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.balance import Balance
from analysis.diagnostics import Diagnostic, Status
from analysis.diagnostics.alike import counter, rows_of
from analysis.diagnostics.wording import p_text
from analysis.estimators.permutation import DRAWS, Units, drawn_units, redrawn
from analysis.estimators.sample import fill_missing

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.panel import Panel
    from analysis.study import StudySpec

_LABEL = "Arms alike before the start, all covariates together"
_REMEDY = (
    "The arms differ before the start by more than a draw explains. Check how arms were "
    "recorded and whether people changed arm or left the list after the draw."
)
_STREAM = 7001  # keeps these draws apart from those of randomisation inference
_ROUNDING = 1e-9
_RANK = 1e-9


def balance(panel: Panel, spec: StudySpec, draws: int = DRAWS) -> Diagnostic:
    """Omnibus test: distance between the arms' covariate means, arm labels drawn again.

    Hotelling-Lawley distance within strata, gaps filled with the mean and marked (Hansen and
    Bowers 2008, Statistical Science 23:219-236, by permutation).
    """
    threshold = f"fail below p = {spec.thresholds.balance_fail_p:g}"
    smallest = int(panel.people["arm"].value_counts().min()) if len(panel.people) else 0
    columns = _columns(panel)
    seen = differences(panel, columns)
    p_value = None if columns.empty else omnibus_p(panel, columns, spec.seed(), draws)
    if p_value is None:
        return Diagnostic(
            name="balance",
            label=_LABEL,
            value=None,
            display="nothing recorded before the start that could differ between arms",
            threshold=threshold,
            status="note",
            remedy="Name what was known before the start under adjust_for.",
            n_smallest=smallest,
            balances=seen,
        )
    status: Status = "fail" if p_value < spec.thresholds.balance_fail_p else "pass"
    return Diagnostic(
        name="balance",
        label=_LABEL,
        value=p_value,
        display=f"{p_text(p_value)} ({len(columns.columns)} covariates, {draws:,} draws)",
        threshold=threshold,
        status=status,
        remedy=_REMEDY if status == "fail" else "",
        n_smallest=smallest,
        balances=seen,
    )


def differences(panel: Panel, columns: pd.DataFrame) -> tuple[Balance, ...]:
    """One love plot a treated arm: difference of means / pooled standard deviation, no weights."""
    found: list[Balance] = []
    arms, values = panel.people["arm"].to_numpy(), columns.to_numpy(dtype=float).T
    for arm in panel.treated:
        sides = np.stack([arms == panel.comparison, arms == arm])
        smd = {
            name: standardised_difference(_known(v[sides[1]]), _known(v[sides[0]]))
            for name, v in zip(columns.columns, values, strict=True)
        }
        kept = sides.any(axis=0)
        rows, rest = rows_of(
            tuple(columns.columns),
            values[:, kept],
            counter(sides[:, kept].astype(float)),
            {name: (value, None) for name, value in smd.items() if value is not None},
        )
        comparison, treated = (int(n) for n in sides.sum(axis=1))
        found.append(
            Balance(
                arm=arm, comparison=panel.comparison, people=(treated, comparison), rows=rows,
                rest=rest,
            )
        )  # fmt: skip
    return tuple(found)


def standardised_difference(
    treated: NDArray[np.float64], others: NDArray[np.float64]
) -> float | None:
    """Difference of means over the root mean of the two variances; None where nothing varies."""
    if min(len(treated), len(others)) < 2:
        return None
    spread = float(np.sqrt((treated.var(ddof=1) + others.var(ddof=1)) / 2))
    return float(treated.mean() - others.mean()) / spread if spread > 0 else None


def omnibus_p(panel: Panel, columns: pd.DataFrame, seed: int, draws: int) -> float | None:
    """p-value of the omnibus test; None where no covariate varies or no other draw is possible."""
    people = panel.people
    arms = {arm: code for code, arm in enumerate((panel.comparison, *panel.treated))}
    values = fill_missing(columns.to_numpy(dtype=float))
    labels = np.array([arms[arm] for arm in people["arm"]], dtype=np.int64)
    strata = people["stratum"].to_numpy(dtype=np.int64)
    units = drawn_units(labels, strata, people["cluster"].to_numpy(dtype=np.int64), values)
    whitened = _whitened(units)
    if not units.can_differ or not whitened.shape[1]:
        return None
    rng = np.random.default_rng([seed, _STREAM])
    observed = _distance(units.labels[None, :], whitened, len(arms))[0]
    extreme = sum(
        int((_distance(block, whitened, len(arms)) >= observed * (1 - _ROUNDING)).sum())
        for block in redrawn(units, rng, draws)
    )
    return (1 + extreme) / (1 + draws)


def _columns(panel: Panel) -> pd.DataFrame:
    """Covariates and the outcome before time zero, where it is recorded and not among them."""
    columns = panel.people[list(panel.covariates)].astype(float)
    past = panel.people["pre_outcome"].astype(float)
    repeated = any(columns[name].equals(past.rename(name)) for name in columns.columns)
    if past.notna().any() and not repeated:
        columns["pre_period_outcome"] = past
    return columns


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[~np.isnan(values)]


def _whitened(units: Units) -> NDArray[np.float64]:
    """Orthonormal columns (units, rank) spanning the covariates, centred within strata."""
    values = units.values.copy()
    sizes = values.std(axis=0)
    for stratum in np.unique(units.strata):
        rows = units.strata == stratum
        values[rows] -= values[rows].mean(axis=0)
    values = values / np.where(sizes > 0, sizes, 1.0)
    u, s, _ = np.linalg.svd(values, full_matrices=False)
    return np.asarray(u[:, s > _RANK * np.sqrt(len(values))])


def _distance(
    labels: NDArray[np.integer], whitened: NDArray[np.float64], arms: int
) -> NDArray[np.float64]:
    """Sum over arms of n_a x |mean of the whitened columns|^2, for each row of labels (b, n)."""
    total = np.zeros(len(labels))
    for code in range(arms):
        members = (labels == code).astype(float)
        size = np.maximum(members.sum(axis=1), 1.0)
        total += ((members @ whitened) ** 2).sum(axis=1) / size
    return total
