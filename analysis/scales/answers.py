"""Answers of the people of a study by time, and who left voluntarily when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.diagnostics import Diagnostic
from analysis.months import months_since

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.study import Window

    Floats = NDArray[np.float64]

PAST_MONTHS = 24  # an older score says little about time zero
CLOSE = 1e-9  # means of whole numbers compared with a cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """``given``: one row an answer with a score, in order of time: person, event_month, wave,
    answered_on, value, before (of time zero). ``people``: indexed by person, with left_month (event
    month of leaving voluntarily; inf), unknown_month and exit_month (that of leaving for a reason
    that is not known, and for any), over (last event month that was over when the files end).
    ``exits_known``: whether anybody's employment is. ``notes``: answers left out, counted.
    """

    given: pd.DataFrame
    people: pd.DataFrame
    exits_known: bool
    notes: tuple[Diagnostic, ...]

    def first(self, window: Window) -> pd.DataFrame:
        """The first answer of each person in the window, indexed by person."""
        given = self.given[~self.given["before"]]
        inside = given[given["event_month"].between(*window)]
        return inside.drop_duplicates("person").set_index("person")

    def past(self, place: int) -> pd.Series[float]:
        """The last score before time zero (``place`` 1), or the one before it (2), by person."""
        before = self.given[self.given["before"]]
        before = before[before["event_month"] >= -PAST_MONTHS]
        return before.groupby("person").nth(-place).set_index("person")["value"]

    def figures(self, window: Window, cut: float | None) -> pd.DataFrame:
        """``score``, and with a cut ``above_cut`` and ``composite``, indexed by person; nan: none.

        The composite is 1 for who left voluntarily by the end of the window, else whether the
        score reaches the cut. It is nan for everybody whose window the files do not reach the end
        of: there only those who have left would be known.
        """
        score = self.first(window)["value"].reindex(self.people.index).astype(float)
        found = pd.DataFrame({"score": score})
        if cut is None:
            return found
        above = (score >= cut - CLOSE).astype(float).where(score.notna())
        left = self.people["left_month"] <= window[1]
        known = self.people["over"] >= window[1]
        found["above_cut"] = above
        found["composite"] = above.where(~left, 1.0).where(known)
        return found


def answers_of(
    people: pd.DataFrame, scores: pd.DataFrame, exits: pd.DataFrame, horizon: pd.Timestamp
) -> Answers:
    """``people`` are those of the cohort; the other frames are what the queries return.

    An answer without a day, of nobody employed that day, or after the study's date has no place in
    time and is left out; one given on notice counts.
    """
    start = people[["person_no", "time_zero"]]
    own = scores.merge(start, on="person_no", how="inner")
    day, zero = pd.to_datetime(own["answered_on"]), pd.to_datetime(own["time_zero"])
    employed = own["employed"].eq(True).fillna(False).astype(bool)
    scored, dated = own["value"].notna(), day.notna()
    kept = scored & dated & employed & (day <= horizon)
    given = pd.DataFrame(
        {
            "person": own["person_no"],
            "event_month": months_since(zero, day),
            "wave": own["wave"],
            "answered_on": day,
            "value": own["value"].astype(float),
            "before": day < zero,
        }
    )[kept]
    given = given.sort_values(["person", "answered_on", "wave"], ignore_index=True)
    given["event_month"] = given["event_month"].astype(int)
    return Answers(
        given=given,
        people=_people(people, exits, horizon),
        exits_known=not exits.empty,
        notes=_left_out(scored, dated, employed),
    )


def _people(people: pd.DataFrame, exits: pd.DataFrame, horizon: pd.Timestamp) -> pd.DataFrame:
    """Exits from the spell of time zero, dated at notice where that is recorded."""
    zero = pd.to_datetime(people["time_zero"])
    end = pd.Series(horizon + pd.Timedelta(days=1), index=people.index)
    kind = exits["exit_kind"]
    return pd.DataFrame(
        {
            "left_month": _months_to(people, exits[kind == "voluntary"], horizon),
            "unknown_month": _months_to(people, exits[kind == "unknown"], horizon),
            "exit_month": _months_to(people, exits, horizon),
            "over": months_since(zero, end).to_numpy(float) - 1,
        },
        index=pd.Index(people["person_no"], name="person"),
    )


def _months_to(people: pd.DataFrame, exits: pd.DataFrame, horizon: pd.Timestamp) -> Floats:
    """Event month of the first of these exits, a person each; inf where there is none."""
    then = exits.merge(people[["person_no", "time_zero"]], on="person_no")
    begun, ended = pd.to_datetime(then["hired_on"]), pd.to_datetime(then["exited_on"])
    at = pd.to_datetime(then["time_zero"])
    then = then[(begun <= at) & (ended >= at)]
    left_on = pd.to_datetime(then["notice_on"]).fillna(pd.to_datetime(then["exited_on"]))
    # Files may tell of an exit that is still to come; who gave no notice has not left yet.
    left_on = left_on.where(left_on <= horizon)
    first = left_on.groupby(then["person_no"]).min()
    left = first.reindex(people["person_no"]).set_axis(people.index)
    months = months_since(pd.to_datetime(people["time_zero"]), left)
    return np.asarray(months.fillna(np.inf), dtype=np.float64)


def _left_out(
    scored: pd.Series[bool], dated: pd.Series[bool], employed: pd.Series[bool]
) -> tuple[Diagnostic, ...]:
    reasons = (
        ("too few items answered for a score", int((~scored).sum())),
        ("without the day of the answer", int((scored & ~dated).sum())),
        ("by people not employed that day", int((scored & dated & ~employed).sum())),
    )
    return tuple(
        Diagnostic(
            name="answers_left_out",
            label=f"Answers {words}",
            value=float(count),
            display=f"{count:,} answers",
            threshold="not gated: see the difference in missing outcomes",
            status="note",
            remedy="",
            n_smallest=count,
            coarse=(float(5 * round(count / 5)), f"about {5 * round(count / 5):,} answers"),
        )
        for words, count in reasons
        if count
    )
