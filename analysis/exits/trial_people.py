"""The people of a study's trials, on either side: how many, and who has another mentor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.exits.built import Built
from analysis.exits.calendar import first_day
from analysis.exits.entries import sequential
from analysis.exits.query import other_mentors_query
from analysis.exits.records import to_date, to_days
from analysis.exits.setting import windows_of
from analysis.finding import ArmCount, Flow
from analysis.panel import Panel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.exits.built import Steps
    from analysis.exits.careers import Careers
    from analysis.exits.covariates import Read
    from analysis.exits.entries import Entries
    from analysis.exits.records import Records
    from analysis.study import StudySpec

    Ints = NDArray[np.int64]


def with_trials(
    spec: StudySpec, careers: Careers, steps: Steps, records: Records, person: Ints, read: Read
) -> Built:
    """What was built, with the people of both sides; ``person`` numbers those of the careers.

    Whoever is compared before they start is on both sides, and counts once on each.
    """
    months = max(last for _, last in windows_of(spec))
    entries = sequential(
        careers, months, within=spec.trials.within, notice_months=spec.notice_months
    )
    steps.person = person[entries.row]
    steps.add(
        np.ones(len(entries), dtype=bool),
        "in a month in which somebody starts",
        "in no such month, on notice, or gone before the next",
    )
    other = _other_mentor(careers, person, read(other_mentors_query(spec)))
    people = _both_sides(spec, entries, person, other)
    labels = {
        spec.arms.treated[0]: "started",
        spec.arms.comparison: "compared while they had not started",
    }
    counts = tuple(
        ArmCount(arm=arm, label=label, people=int((people["arm"] == arm).sum()))
        for arm, label in labels.items()
    )
    return Built(
        careers=careers,
        person_no=person,
        flow=Flow(steps=tuple(steps.steps), arms=counts),
        records=records,
        population=_words(spec, entries.column + careers.first_month),
        panel=Panel(
            people=people,
            rows=pd.DataFrame({"person": [], "event_month": [], "outcome": []}),
            treated=spec.arms.treated,
            comparison=spec.arms.comparison,
        ),
    )


def _both_sides(
    spec: StudySpec, entries: Entries, person: Ints, other: NDArray[np.float64]
) -> pd.DataFrame:
    """One row a person and side: person, arm, take_up (nan), mentored."""
    rows = pd.DataFrame(
        {
            "person": person[entries.row],
            "arm": np.where(entries.treated, spec.arms.treated[0], spec.arms.comparison),
            "take_up": np.nan,
            "mentored": other[entries.row],
        }
    ).sort_values(["person", "arm", "mentored"], ascending=[True, True, False], kind="stable")
    return rows.drop_duplicates(["person", "arm"]).reset_index(drop=True)


def _other_mentor(careers: Careers, person: Ints, mentors: pd.DataFrame) -> NDArray[np.float64]:
    """1 where another mentor is recorded before the own start or exit.

    nan where no other mentors are recorded of anybody.
    """
    if mentors.empty:
        return np.full(len(careers), np.nan)
    until = np.minimum(np.minimum(careers.exit, careers.end), careers.start - 1)
    spans = mentors.merge(
        pd.DataFrame({"person_no": person, "row": np.arange(len(person))}), on="person_no"
    )
    row = spans["row"].to_numpy(dtype=np.int64)
    first, last = to_days(spans["first_on"]), to_days(spans["last_on"])
    met = (first <= until[row]) & (last >= careers.zero[row])
    return (np.bincount(row[met], minlength=len(person)) > 0).astype(float)


def _words(spec: StudySpec, months: Ints) -> str:
    """Whom the answer is about, in words."""
    who = "people who could join and start"
    if spec.design == "rollout":
        who = f"people of each {spec.cluster.removesuffix('_no')} that starts"
    elif spec.time_zero == "applied_on" and spec.start_dates == "recorded":
        who = "people who applied and start"
    if not len(months):
        return f"{who}, month by month"
    first, last = (pd.Timestamp(to_date(int(first_day(m)))) for m in (months.min(), months.max()))
    span = f"{first:%b %Y}" if first == last else f"{first:%b %Y} to {last:%b %Y}"
    return f"{who}, month by month, {span}"
