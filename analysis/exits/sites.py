"""The day on which each site (or whatever the study's ``cluster`` names) starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.errors import SpecError
from analysis.exits.records import to_days
from analysis.funnel import JOB_COLUMNS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.exits.careers import Days
    from analysis.exits.grid import Grid
    from analysis.study import StudySpec


def site_starts(
    spec: StudySpec, starts: pd.DataFrame, jobs: pd.DataFrame
) -> pd.Series[pd.Timestamp]:
    """The earliest time zero of the people of each site in the programme, by site."""
    if spec.cluster not in JOB_COLUMNS:
        raise SpecError(
            "cluster",
            f"{spec.cluster}: a roll-out cannot use it",
            f"Use what is known of everybody's job: {', '.join(JOB_COLUMNS)}.",
        )
    both = starts[starts["time_zero"].notna()].merge(jobs, on="person_no")
    day = to_days(both["time_zero"])
    there = (to_days(both["valid_from"]) <= day) & (day < to_days(both["valid_to"]))
    return both[there].groupby(both[spec.cluster].astype("string"))["time_zero"].min()


def starts_of_sites(
    spec: StudySpec, grid: Grid, could: NDArray[np.bool_], units: pd.Series[pd.Timestamp]
) -> Days:
    """The start of the site of each spell (n,), ``NEVER`` where the site has none.

    People belong to the site where they are first seen in the population, for good: whoever moves
    does not change sides.
    """
    return to_days(grid.job_first(spec.cluster, could).map(units))
