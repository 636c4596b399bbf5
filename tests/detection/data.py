"""Small panels and studies as the designs read them, from arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.panel import Panel
from analysis.study import parse_study

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.diagnostics import Diagnostic
    from analysis.study import StudySpec

    Floats = np.ndarray


def study(design: str, **more: object) -> StudySpec:
    """A study of one arm over month 1."""
    return parse_study(
        {
            "study": "planted",
            "question": "Is what was planted found?",
            "as_of": "2024-12-31",
            "programme": "P",
            "design": design,
            "arms": {"treated": "with", "comparison": "without"},
            "outcome": {"metric": "sales", "unit": "units"},
            "follow_up": {"months": 1, "primary": [1, 1]},
            **more,
        }
    )


def panel(
    treated: Floats,
    outcome: Mapping[int, Floats],
    covariates: Mapping[str, Floats] | None = None,
    **people: Floats,
) -> Panel:
    """People (n,) of two arms, outcomes (n,) by event month (nan: none), covariates (n,)."""
    n, columns = len(treated), covariates or {}
    frame = pd.DataFrame(
        {
            "person": np.arange(n), "arm": np.where(treated, "with", "without"), "stratum": 0,
            "cluster": np.arange(n), "take_up": np.nan, "pre_outcome": np.nan,
            **columns, **people,
        }
    )  # fmt: skip
    months = sorted(outcome)
    values = np.column_stack([outcome[m] for m in months])
    person, month = np.nonzero(~np.isnan(values))
    rows = pd.DataFrame(
        {
            "person": person,
            "event_month": np.array(months)[month],
            "outcome": values[person, month],
        }
    )
    return Panel(
        people=frame, rows=rows, treated=("with",), comparison="without", covariates=tuple(columns)
    )


def status_of(checks: tuple[Diagnostic, ...], name: str) -> str:
    """The worst verdict of the checks of this name."""
    found = {check.status for check in checks if check.name == name}
    return next(s for s in ("fail", "warn", "pass", "note") if s in found)
