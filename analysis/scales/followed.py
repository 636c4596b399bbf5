"""Answers of everybody that could be followed for a year, and who left voluntarily in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.diagnostics.intent_predicts_exit import intent_predicts_exit

if TYPE_CHECKING:
    from analysis.diagnostics import Diagnostic

_DAYS = 365


def followed(
    scores: pd.DataFrame, exits: pd.DataFrame, horizon: pd.Timestamp
) -> tuple[pd.Series[float], pd.Series[float]]:
    """The first such answer of each person, and 1 where they left within 365 days of it.

    Other exits count as not having left voluntarily. Whoever had given notice before answering is
    left out: they knew. The frames are what the queries return for everybody.
    """
    day = pd.to_datetime(scores["answered_on"])
    there = scores["value"].notna() & scores["employed"].eq(True).fillna(False)
    kept = scores[there & (day + pd.Timedelta(days=_DAYS) <= horizon)]
    kept = kept.assign(day=day[kept.index]).sort_values(["person_no", "day", "wave"])
    spells = kept.merge(exits, on="person_no")
    begun, ended, notice = (
        pd.to_datetime(spells[c]) for c in ("hired_on", "exited_on", "notice_on")
    )
    then = (begun <= spells["day"]) & ~(ended < spells["day"])
    free = spells[then & ~(notice <= spells["day"])]
    first = free.drop_duplicates("person_no").set_index("person_no")
    gone = pd.to_datetime(first["exited_on"]) <= first["day"] + pd.Timedelta(days=_DAYS)
    left = gone & (first["exit_kind"] == "voluntary")
    return first["value"].astype(float), left.astype(float)


def predicts_exit(scores: pd.DataFrame, exits: pd.DataFrame, horizon: pd.Timestamp) -> Diagnostic:
    """The note on everybody's answers in this company."""
    value, left = followed(scores, exits, horizon)
    return intent_predicts_exit(
        np.asarray(value, dtype=np.float64), np.asarray(left, dtype=np.float64)
    )
