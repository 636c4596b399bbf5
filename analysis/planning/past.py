"""People like those of a study, as they were at a month in the past, and what came after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.cohort import Cohort
from analysis.errors import SpecError
from analysis.follow_up import build_panel, outcome_query
from analysis.funnel import Query, attributes_query
from analysis.months import months_since
from analysis.planning.records import Span, everybody_query, read_span, spells_at_query
from analysis.population import matches, with_attributes
from analysis.scales.answers import answers_of
from analysis.scales.query import exits_query, horizon_query, scores_query
from analysis.scales.study import ScaleStudy
from analysis.study import Allocation, Range

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

    Read = Callable[[Query], pd.DataFrame]

_A_YEAR = 12  # months gone back at most, until something was measured in a window
_LATE_MONTHS = 2  # exits of the last months may not be on record yet
_QUARTER = 3
_RECENT = 3  # months within which somebody measured has a result


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The records a study is planned from. ``spec``: the study without what needs treatment.

    ``results``: (person_no, month, value) of everybody, without rows for exits; ``last``: the last
    month that is known.
    """

    spec: StudySpec
    read: Read
    span: Span
    results: pd.DataFrame
    last: pd.Timestamp

    def month(self, window: Window) -> tuple[pd.Timestamp, bool] | str:
        """The first day of the month looked at for a window, and whether it lies before treatment.

        The latest that has results in the window, before the programme began where the records
        reach back as far; or why there is none.
        """
        day, untouched = self._latest(window[1])
        for _ in range(_A_YEAR):
            if self._first is not None and day < self._first:
                break
            if self._measured(day, window):
                return day, untouched
            day -= pd.DateOffset(months=1)
        return f"the records hold fewer than {window[1] + 1} months, or no results in them"

    def employed_for(self, least: float, most: float) -> Past:
        """The same records, of people with so many months since hire alone."""
        population = {**self.spec.population, "tenure_months": Range(min=least, max=most)}
        return replace(self, spec=self.spec.model_copy(update={"population": population}))

    def people(self, day: pd.Timestamp, intake: int = 0) -> pd.DataFrame:
        """People of the population as of ``seen_on``, with exits to come.

        A row for everybody as of ``day``. Where a programme takes people in over months of
        ``intake``, also one for each newcomer to the population, as of each of so many quarters
        before: of those taken in later, all are newcomers. ``of`` is the person, ``person_no``
        counts rows. SpecError where there is nobody.
        """
        parts = [self._employed(day)]
        for back in range(0, intake, _QUARTER):
            there = self._employed(day - pd.DateOffset(months=back))
            before = self._employed(day - pd.DateOffset(months=back + _QUARTER), measured=False)
            parts.append(there[~there["person_no"].isin(before["person_no"])])
        found = pd.concat(parts, ignore_index=True)
        if found.empty:
            raise SpecError(
                "population", f"nobody was in it in {day:%Y-%m}", "Check its names and limits."
            )
        return found.assign(of=found["person_no"], person_no=np.arange(len(found)))

    def _employed(self, day: pd.Timestamp, *, measured: bool = True) -> pd.DataFrame:
        """People of the population employed on a day, by their own numbers.

        Of studies of a figure only those of whom one is known from about then (``measured``) and
        who do not leave in the month: they have given notice, and nobody on notice is taken in.
        Where no employment is on record, everybody there is.
        """
        spec = self.spec
        people = self.read(spells_at_query(spec, day))
        if people.empty:
            people = self.read(everybody_query())
        people = people.drop_duplicates("person_no", keep="last").assign(seen_on=day)
        if measured and spec.outcome.kind not in ("exit", "scale"):
            leaving = pd.to_datetime(people["exited_on"]) < day + pd.DateOffset(months=1)
            people = people[people["person_no"].isin(self._of_late(day)) & ~leaving]
        people = with_attributes(spec, people, self.read(attributes_query(spec)), "seen_on")
        people["tenure_months"] = months_since(people["hired_on"], people["seen_on"])
        for name, rule in spec.population.items():
            people = people[matches(people[name], rule)]
        return people.reset_index(drop=True)

    def panel(self, people: pd.DataFrame, window: Window) -> Panel:
        """Outcomes of people of the past, all in the comparison; SpecError where there are none.

        Recorded strata are rounds, as far as the past can tell.
        """
        spec = with_window(self.spec, window)
        made = people.assign(
            time_zero=people["seen_on"], arm=spec.arms.comparison, take_up=np.nan, mentored=np.nan,
            stratum=people["seen_on"].astype("string"),
        )  # fmt: skip
        cohort = Cohort(people=made, steps=())
        if spec.outcome.kind != "scale":
            return build_panel(spec, cohort, _of_rows(self.results, people))
        query = horizon_query(spec)
        horizon = pd.Timestamp(self.read(query)["day"].iloc[0])
        scores = self.read(scores_query(spec, spec.outcome.metric, everybody=True))
        exits = self.read(exits_query(spec, everybody=True))
        study = ScaleStudy(
            spec=spec,
            cohort=cohort,
            answers=answers_of(made, _of_rows(scores, people), _of_rows(exits, people), horizon),
            range=(0.0, 0.0),
            pairs=(None, None),
            exact_rows=False,
        )
        return study.panel(window, study.headline)

    def _latest(self, months: int) -> tuple[pd.Timestamp, bool]:
        """The latest month whose next ``months`` are known, before the programme if that can be."""
        latest, begun = self.last - pd.DateOffset(months=months), self.span.begun_on
        if begun is None:
            return latest, True
        before = begun.replace(day=1) - pd.DateOffset(months=months + 1)
        if self._first is None or before > self._first:
            return min(before, latest), True
        return latest, False

    @property
    def _first(self) -> pd.Timestamp | None:
        if self.results.empty:
            return self.span.first_month
        return pd.Timestamp(pd.to_datetime(self.results["month"]).min())

    def _measured(self, day: pd.Timestamp, window: Window) -> bool:
        """Whether anything was measured in the window after a day: surveys are not, most months."""
        if self.results.empty:
            return True
        begin, end = (day + pd.DateOffset(months=months) for months in window)
        return bool(pd.to_datetime(self.results["month"]).between(begin, end).any())

    def _of_late(self, day: pd.Timestamp) -> pd.Series[int]:
        """Who has a result of the three months before a day, its own or the next."""
        months = pd.to_datetime(self.results["month"])
        first, last = (day + pd.DateOffset(months=m) for m in (-_RECENT, 1))
        return self.results.loc[months.between(first, last), "person_no"].drop_duplicates()


def _of_rows(figures: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Figures of persons as those of the rows that people have."""
    named = figures.rename(columns={"person_no": "of"})
    return named.merge(people[["of", "person_no"]], on="of").drop(columns="of")


def read_past(spec: StudySpec, read: Read) -> Past:
    """The records of a study, as known at its date; raises SpecError where they hold nothing."""
    span, results = read_span(spec, read), _results(spec, read)
    if spec.outcome.kind == "exit":
        if span.told_on is None:
            raise SpecError("outcome", "no employment is on record", "Deliver who is employed.")
        last = span.told_on.replace(day=1) - pd.DateOffset(months=_LATE_MONTHS)
    elif results.empty:
        raise SpecError(
            "outcome.metric", "has no results on record", "Name one that was delivered."
        )
    else:
        last = pd.to_datetime(results["month"]).max()
    return Past(
        spec=_untreated(spec), read=read, span=span, results=results, last=pd.Timestamp(last)
    )


def with_window(spec: StudySpec, window: Window) -> StudySpec:
    """The study with this primary window alone."""
    months = max(spec.follow_up.months, window[1])
    changed = {"primary": window, "windows": (), "months": months}
    return spec.model_copy(update={"follow_up": spec.follow_up.model_copy(update=changed)})


def _untreated(spec: StudySpec) -> StudySpec:
    """The study without what needs treatment: nobody of the past was drawn, matched or met."""
    without = {
        "dose": (), "practices": (), "specifications": (), "negative_controls": (),
        "mediation": None, "take_up": None, "allocation": Allocation(strata=spec.allocation.strata),
    }  # fmt: skip
    return spec.model_copy(update=without)


def _results(spec: StudySpec, read: Read) -> pd.DataFrame:
    """(person_no, month, value) of everybody: results, or scores by the month of the answer."""
    if spec.outcome.kind == "exit":
        return pd.DataFrame(columns=["person_no", "month", "value"])
    if spec.outcome.kind != "scale":
        return read(outcome_query(spec))
    scores = read(scores_query(spec, spec.outcome.metric, everybody=True))
    scores = scores.dropna(subset=["value", "answered_on"])
    month = pd.to_datetime(scores["answered_on"]).dt.to_period("M").dt.to_timestamp()
    return scores.assign(month=month)[["person_no", "month", "value"]]
