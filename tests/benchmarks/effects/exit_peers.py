"""The peers' side of the models of exits: rows in memory, the fit alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

    from serve import Figures

MONTHS = 36
NAMES = ("started", "x1", "x2")
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


def person_months(folder: Path) -> Rows:
    """Exit, design with a dummy a month, person of every person-month."""
    frame = pd.read_parquet(folder / "person_months.parquet")
    design = np.zeros((len(frame), MONTHS + len(NAMES)))
    design[np.arange(len(frame)), frame["month"].to_numpy()] = 1
    for place, name in enumerate(NAMES, start=MONTHS):
        design[:, place] = frame[name]
    left = (frame["exit_kind"] == 1).to_numpy(dtype=float)
    return left, design, frame["person_no"].to_numpy(dtype=np.int64)


def changes(folder: Path) -> pd.DataFrame:
    """A row a person before the start of mentoring, and one from it on."""
    careers = pd.read_parquet(folder / "careers.parquet").astype(np.int64)
    stop, start = careers["last_month"] + 1, careers["start_month"]
    parts = []
    for started, first, last in ((0, 0 * stop, np.minimum(start, stop)), (1, start, stop)):
        there = first < last
        parts.append(
            pd.DataFrame(
                {
                    "person_no": careers["person_no"],
                    "first": first,
                    "stop": last,
                    "left": ((careers["exit_kind"] == 1) & (last == stop)).astype(np.int64),
                    "started": started,
                    "x1": careers["x1"],
                    "x2": careers["x2"],
                }
            )[there]
        )
    return pd.concat(parts).sort_values(["person_no", "first"]).reset_index(drop=True)


def statsmodels_cloglog(rows: Rows, method: dict[str, str]) -> Figures:
    import statsmodels.api as sm

    left, design, person = rows
    family = sm.families.Binomial(link=sm.families.links.CLogLog())
    fit = sm.GLM(left, design, family=family).fit(
        cov_type="cluster", cov_kwds={"groups": person}, **method
    )
    pairs = zip(NAMES, fit.params[MONTHS:], fit.bse[MONTHS:], strict=True)
    return {name: (b, se) for name, b, se in pairs}


def lifelines_cox(frame: pd.DataFrame) -> Figures:
    from lifelines import CoxTimeVaryingFitter

    fit = CoxTimeVaryingFitter().fit(
        frame, id_col="person_no", event_col="left", start_col="first", stop_col="stop"
    )
    return {name: (fit.params_[name], fit.standard_errors_[name]) for name in NAMES}
