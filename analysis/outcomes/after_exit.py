"""Output per person assigned: zero in the months after an exit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.errors import SpecError
from analysis.months import months_since

if TYPE_CHECKING:
    from analysis.study import StudySpec


def with_zeros(
    spec: StudySpec, people: pd.DataFrame, rows: pd.DataFrame, last_month: pd.Timestamp
) -> pd.DataFrame:
    """The rows (person, event_month, outcome) with those after exits, marked in ``after_exit``.

    A month counts from the one after the exit to the end of follow-up, as far as anybody was
    measured (``last_month``), and until the person is measured again: who comes back has output.
    The month of the exit itself stays as delivered. Raises SpecError where nobody's employment is
    known, so that nobody could have left.
    """
    require_employment(people)
    left = people[people["exited_on"].notna()]
    exit_month = months_since(left["time_zero"], left["exited_on"]).to_numpy(float)
    measured = pd.Series(pd.Timestamp(last_month), index=left.index)
    end = np.minimum(
        months_since(left["time_zero"], measured).to_numpy(float), spec.follow_up.months
    )
    again = _first_after(left["person_no"].to_numpy(), exit_month, rows)
    months = np.arange(spec.follow_up.months + 1)
    zero = (months > exit_month[:, None]) & (months <= end[:, None]) & (months < again[:, None])
    row, month = np.nonzero(zero)
    made = pd.DataFrame(
        {
            "person": left["person_no"].to_numpy()[row],
            "event_month": months[month],
            "outcome": np.zeros(len(row)),
            "after_exit": np.ones(len(row), dtype=bool),
        }
    )
    whole = pd.concat([rows.assign(after_exit=False), made], ignore_index=True)
    return whole.sort_values(["person", "event_month"], ignore_index=True)


def require_employment(people: pd.DataFrame) -> None:
    """Raises SpecError where nobody's employment is known, so that nobody could have left."""
    if "spells_known" in people and not (people["spells_known"] > 0).any():
        raise SpecError(
            "outcome.after_exit",
            "no employment is known, so nobody's exit is",
            "Load `employment`, or remove the key.",
        )


def _first_after(person: np.ndarray, exit_month: np.ndarray, rows: pd.DataFrame) -> np.ndarray:
    """The first month with a row after each person's exit (n,); infinite where there is none."""
    exits = pd.Series(exit_month, index=person)
    later = rows[rows["event_month"] > rows["person"].map(exits)]
    first = later.groupby("person")["event_month"].min()
    return pd.Series(person).map(first).fillna(np.inf).to_numpy(float)
