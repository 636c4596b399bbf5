"""What an answer reads of each person, as one number: who has another one had figures changed.

Only what is the person's own enters: no rank, no code and nothing standardised by others, so that
one correction changes one person. The numbers say nothing by themselves and stay in the memory of
what was shown, under a key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.membership import of_panel
from analysis.months import months_since

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from analysis.cohort import Cohort
    from analysis.exits.careers import Careers
    from analysis.membership import Part
    from analysis.panel import Panel
    from analysis.study import StudySpec

    Ints = NDArray[np.int64]
    Hashes = NDArray[np.uint64]

_RAW = ("continuous", "count", "rating")  # kinds whose results are one row a person and month


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """Of each person (n,), sorted, what the answer reads of them as one number (n,)."""

    person: Ints
    number: Hashes

    def add(self, place: Ints, rows: pd.DataFrame) -> None:
        """Read more rows (r,), each of the person at a place among all; modulo 2**64."""
        made = pd.util.hash_pandas_object(_as_read(rows), index=False).to_numpy(dtype=np.uint64)
        np.add.at(self.number, place, made)

    def of(self, people: Ints) -> Hashes:
        """The numbers of people (m,); 0 of whom nothing is read."""
        if not len(self.person):
            return np.zeros(len(people), dtype=np.uint64)
        place = np.minimum(np.searchsorted(self.person, people), len(self.person) - 1)
        known = self.person[place] == people
        return np.where(known, self.number[place], np.uint64(0))


def of_rows(person: Ints, rows: pd.DataFrame) -> Contents:
    """What rows (r,) say of their people, in whatever order they come."""
    people, place = np.unique(person, return_inverse=True)
    made = Contents(people.astype(np.int64), np.zeros(len(people), dtype=np.uint64))
    made.add(place, rows)
    return made


def together(*found: Contents) -> Contents:
    """The contents of several tables as one."""
    person = np.concatenate([c.person for c in found])
    return of_rows(person, pd.DataFrame({"number": np.concatenate([c.number for c in found])}))


def of_cohort(
    spec: StudySpec, cohort: Cohort, outcomes: pd.DataFrame, rows: pd.DataFrame
) -> Contents:
    """Attributes that the study reads, and results in its months.

    ``outcomes``: as their query returned them; ``rows``: those of the panel, which count for kinds
    whose results are made of several rows.
    """
    people = cohort.people
    if spec.outcome.kind not in _RAW:
        used = rows[["person", "event_month", "outcome"]].rename(columns={"person": "person_no"})
    else:
        used = outcomes.merge(people[["person_no", "time_zero"]], on="person_no", how="inner")
        used = used.assign(event_month=months_since(used["time_zero"], used["month"]))
        months = (rows["event_month"].min(), spec.follow_up.months)
        used = used[used["event_month"].between(*months)].drop(columns="time_zero")
    # Who has no result reads alike in every metric, and is not the same figure in two of them.
    metric = np.where(people["person_no"].isin(used["person_no"]), "", spec.outcome.metric)
    read = people[_attributes(spec, people)].assign(without=metric)
    told = [c for c in used.columns if not _numbered(c)]
    return together(
        of_rows(people["person_no"].to_numpy(dtype=np.int64), read),
        of_rows(used["person_no"].to_numpy(dtype=np.int64), used[told]),
    )


def people_of(
    spec: StudySpec, cohort: Cohort, panel: Panel, outcomes: pd.DataFrame
) -> tuple[Part, ...]:
    """The people of a lottery or an opt-in, each with what is read of them."""
    answered = panel.between(*spec.follow_up.primary).rows["person"]
    contents = of_cohort(spec, cohort, outcomes, panel.rows)
    return tuple(with_contents(of_panel(spec, panel, answered), contents))


def _as_read(rows: pd.DataFrame) -> pd.DataFrame:
    """Numbers as floats and all else as text, so that one value reads alike whatever stands beside
    it: where one is missing, whole numbers come as floats.
    """
    numeric = pd.api.types.is_numeric_dtype
    read = [c for c in rows.columns if rows[c].dtype != np.uint64]  # those are hashes already
    return rows.astype({c: "float64" if numeric(rows[c]) else "string" for c in read})


def _attributes(spec: StudySpec, people: pd.DataFrame) -> list[str]:
    names = {
        "arm", "time_zero", "take_up", "mentored", *spec.adjust_for, *spec.negative_controls,
        *spec.allocation.strata, *(s.name for s in spec.subgroups),
        *(name for s in spec.specifications for name in s.adjust_for),
        *(("exited_on",) if spec.outcome.after_exit == "zero" else ()),
    }  # fmt: skip
    return [name for name in people.columns if name in names and not _numbered(name)]


def _numbered(name: str) -> bool:
    """Whether a column numbers people or spells: numbers are another run's own."""
    return name.endswith("_no")


def of_careers(careers: Careers, person: Ints) -> Contents:
    """When people were hired, began, gave notice and left, and how."""
    names = ("hired", "zero", "arm", "start", "exit", "kind", "notice")
    return of_rows(person, pd.DataFrame({name: getattr(careers, name) for name in names}))


def with_contents(parts: Iterable[Part], contents: Contents) -> Iterator[Part]:
    """The parts, each with what is read of its people."""
    return (replace(p, contents=contents.of(p.people)) for p in parts)
