"""Small studies for unit tests: an ASCII table becomes a panel, a few keys become a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from analysis.panel import Panel
from analysis.study import parse_study

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.study import StudySpec


@pytest.fixture(scope="session")
def make_panel() -> Callable[..., Panel]:
    """Panel of a table with a header: arm, m1, m-2, .. (months), any people column, covariates.

    "-" is missing. People are numbered from 1; without a cluster column each is one of their own.
    """

    def make(table: str, *, comparison: str = "control", covariates: tuple[str, ...] = ()) -> Panel:
        header, *lines = [line.split() for line in table.strip().splitlines()]
        cells = pd.DataFrame(lines, columns=header).replace("-", np.nan)
        people = pd.DataFrame({"person": np.arange(1, len(cells) + 1), "arm": cells["arm"]})
        defaults = {"stratum": 0, "cluster": people["person"]}
        for name, default in defaults.items():
            people[name] = cells[name].astype(int) if name in cells else default
        for name in ("take_up", "pre_outcome", *covariates):
            people[name] = cells[name].astype(float) if name in cells else np.nan
        rows = [
            (person, int(name[1:]), float(value))
            for person, line in zip(people["person"], cells.to_dict("records"), strict=True)
            for name, value in line.items()
            if name[0] == "m" and name[1:].lstrip("-").isdigit() and isinstance(value, str)
        ]
        treated = tuple(dict.fromkeys(a for a in cells["arm"] if a != comparison))
        return Panel(
            people=people,
            rows=pd.DataFrame(rows, columns=["person", "event_month", "outcome"]).astype(
                {"person": int, "event_month": int, "outcome": float}
            ),
            treated=treated,
            comparison=comparison,
            covariates=covariates,
        )

    return make


@pytest.fixture(scope="session")
def make_spec() -> Callable[..., StudySpec]:
    """A randomised study of one arm over months 1 to 12, with the keys given on top."""

    def make(**keys: Any) -> StudySpec:
        outcome = {"metric": "sales", "unit": "units", "transform": keys.pop("transform", "none")}
        return parse_study(
            {
                "study": "small-study",
                "question": "Does mentoring raise sales?",
                "as_of": "2024-12-31",
                "programme": "P",
                "design": "randomised",
                "arms": {"treated": ["mentored"], "comparison": "control"},
                "outcome": outcome,
                "follow_up": {"months": 12, "primary": [1, 12]},
                **keys,
            }
        )

    return make
