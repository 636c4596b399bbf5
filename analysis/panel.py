"""The person-period panel of one study, as frames that estimators read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from analysis.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Outcomes of the people of one study by event month.

    ``people``: one row a person, sorted by ``person``: person (int, dense), arm (str),
    stratum (int code), cluster (int code), take_up (float 0/1; nan where not recorded),
    mentored (optional, float 0/1: had a mentor of any kind; nan where not recorded),
    pre_outcome (float; nan where none), and one float column for each name in ``covariates``
    (categories already coded as 0/1 columns; may hold nan).
    ``rows``: one row a person and event month with an outcome, sorted by both: person,
    event_month (int), outcome (float, already transformed, never nan). Rows before time zero
    (event_month < 0) are included where they exist. ``after_exit`` (optional, bool) marks the
    zeros of people who had left. ``notes`` are checks of the outcome itself. ``exact_rows``:
    nothing is compressed.
    """

    people: pd.DataFrame
    rows: pd.DataFrame
    treated: tuple[str, ...]
    comparison: str
    covariates: tuple[str, ...] = ()
    notes: tuple[Diagnostic, ...] = ()
    exact_rows: bool = False

    def between(self, first: int, last: int) -> Panel:
        """The same people, outcomes of event months first..last (inclusive) only."""
        kept = self.rows[self.rows["event_month"].between(first, last)]
        return replace(self, rows=kept.reset_index(drop=True))

    def pair(self, arm: str) -> Panel:
        """One treated arm and the comparison arm."""
        people = self.people[self.people["arm"].isin([arm, self.comparison])]
        rows = self.rows[self.rows["person"].isin(people["person"])]
        return replace(
            self,
            people=people.reset_index(drop=True),
            rows=rows.reset_index(drop=True),
            treated=(arm,),
        )
