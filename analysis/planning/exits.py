"""Who left within some months, among people like those of a study: a share and its clustering."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.exits.calendar import end_of_month

if TYPE_CHECKING:
    from analysis.study import StudySpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """``events`` of the study's kind among ``people``.

    ``design``: what clustering multiplies variances by, ``clusters`` their number (None: people
    are independent).
    """

    people: int
    events: int
    design: float = 1.0
    clusters: int | None = None

    @property
    def share(self) -> float:
        """The share who left."""
        return self.events / self.people


def leaving_of(spec: StudySpec, people: pd.DataFrame, month: int) -> Leaving:
    """Exits of the study's kind by the end of a month of follow-up; other exits compete.

    ``people`` are those employed on ``seen_on``, with exited_on, notice_on and exit_kind.
    Resignations count on the day of notice where it is known; who had given notice is left out.
    """
    seen, left = pd.to_datetime(people["seen_on"]), pd.to_datetime(people["exited_on"])
    notice = pd.to_datetime(people["notice_on"])
    voluntary = people["exit_kind"] == "voluntary"
    day = left.where(~(voluntary & notice.notna()), notice)
    there = ~(voluntary & (notice <= seen))
    within = (day - seen).dt.days < end_of_month(month)
    kind = spec.outcome.metric
    of_kind = people["exit_kind"].notna() if kind == "any" else people["exit_kind"] == kind
    gone = (left.notna() & within & of_kind)[there].to_numpy(dtype=float)
    if spec.cluster == "person" or spec.cluster not in people:
        return Leaving(people=len(gone), events=int(gone.sum()))
    code = pd.factorize(people.loc[there, spec.cluster].astype("string").fillna(""))[0]
    size, total = np.bincount(code), np.bincount(code, weights=gone)
    rest = total - size * gone.mean()
    own = float(((gone - gone.mean()) ** 2).sum())
    many = len(size) > 2 and own > 0
    design = float(rest @ rest) * len(size) / (len(size) - 1) / own if many else 1.0
    return Leaving(
        people=len(gone), events=int(gone.sum()), design=max(1.0, design), clusters=len(size)
    )
