"""States between two runs: which causes are switched, and what the study answers then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.change import State
from analysis.disclosure import release
from analysis.finding import registered
from analysis.registry import registration_from
from pipelines import models
from pipelines.diff import compared, reading, restated
from pipelines.errors import UserError
from pipelines.studies import answer

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from analysis.study import StudySpec
    from pipelines.diff.compared import Prints
    from pipelines.diff.kept import Kept
    from pipelines.engine import Engine

Switched = frozenset[str]
OF_READING = ("mapping", "identity")
OF_FILES = ("reasons", "exits", "values", "records", "new_time")
# What a study is registered with: its text, the limits of its checks, and its day.
_REGISTERED = frozenset({"study", "settings", "new_time"})
# Built for people to read, and large; no study asks them.
_NOT_ASKED = frozenset({"marts.employee_months"})


@dataclass(frozen=True, slots=True)
class Answered:
    """A state of one study: what may be shown, who is compared, and what is recorded of whom."""

    state: State
    people: Prints | None
    recorded: Prints


def headline_of(item: dict[str, Any]) -> dict[str, Any]:
    """The headline of a release that is given as plain values."""
    return next(e for e in item["estimates"] if e["role"] == "headline")


def state_of(item: dict[str, Any]) -> State:
    """The headline of a release that is given as plain values, with grade and checks."""
    head = headline_of(item)
    shown = head["status"] == "released" and head["estimate"] is not None
    registration = registration_from(item.get("registration"))
    exploratory = registration is not None and registration.exploratory
    return State(
        estimate=head["estimate"] if shown else None,
        grade=item["grade"] + (", exploratory" if exploratory else ""),
        why="" if shown else head["reason"] or head["status"],
        checks={(d["name"], d["label"]): d["status"] for d in item["diagnostics"]},
    )


def spec_of(first: StudySpec, second: StudySpec, switched: Switched) -> StudySpec:
    """The study as written by the runs, with the date that goes with the files and the limits of
    the settings.
    """
    spec = second if "study" in switched else first
    goes_with = {
        "as_of": (second if "new_time" in switched else first).as_of,
        "thresholds": (second if "settings" in switched else first).thresholds,
    }
    return spec.model_copy(update=goes_with)


class Recombined:
    """The records of two runs in one engine, shown as any state between them."""

    def __init__(self, engine: Engine, first: Kept, second: Kept) -> None:
        self.engine, self.first, self.second = engine, first, second
        reading.attach(engine, first.warehouse, second.warehouse)
        self.transfers_differ = reading.transfers_differ(engine)
        self._read_otherwise = reading.count_changed(engine)
        reading.read_first(engine, frozenset(OF_READING))
        reading.transfers(engine, second=False)
        self._build()
        restated.keep_half(engine)

    def compare(self, first: dt.date, second: dt.date) -> dict[str, int]:
        """Find what is restated at these dates of the studies; facts and rows by cause."""
        restated.compare(self.engine, first, second)
        self._days = restated.horizon_of(self.engine, first), second
        rows = {**self._read_otherwise, **restated.count_restated(self.engine)}
        self._same = frozenset(cause for cause, n in rows.items() if not n)
        return rows

    def of_tables(self, switched: Switched) -> Switched:
        """Those of the causes that make other records."""
        wanted = {*OF_READING, *OF_FILES, *(("settings",) if self.transfers_differ else ())}
        return switched & wanted

    def answers(
        self, tables: Switched, asked: Iterable[tuple[StudySpec, StudySpec, Switched]]
    ) -> list[Answered]:
        """What each study answers where these causes are switched in the records."""
        self._show(tables)
        self._build()
        recorded = compared.recorded_people(self.engine)
        return [self._answer(*question, recorded) for question in asked]

    def _show(self, tables: Switched) -> None:
        settings = "settings" in tables
        tables -= {"settings"}
        if tables:  # what is the same in both runs is read from the second
            tables |= self._same
        if tables - self._same & {*OF_FILES}:
            if "new_time" in tables:
                restated.show_second(self.engine, tables, self._days[1])
            else:
                restated.show_half(self.engine, tables, self._days[0])
        else:
            reading.read_first(self.engine, tables)
        reading.transfers(self.engine, second=settings)

    def _build(self) -> None:
        for schema in models.BUILT:
            self.engine.run(f"create schema if not exists {schema}")
        for contract, select in models.ordered():
            if contract.name not in _NOT_ASKED:
                self.engine.run(f"create or replace table {contract.name} as {select}")

    def _answer(
        self, first: StudySpec, second: StudySpec, switched: Switched, recorded: Prints
    ) -> Answered:
        spec = spec_of(first, second, switched)
        run = self.second if "settings" in switched else self.first
        try:
            finding = answer(
                self.engine, spec, run.rules.min_group, exact_rows=run.manifest.exact_rows
            )
            people = compared.compared_people(self.engine, spec)
        except UserError as error:
            return Answered(State(estimate=None, why=error.problem), None, recorded)
        asker = self.second if switched & _REGISTERED else self.first
        registration = registration_from(asker.releases[spec.study].get("registration"))
        if registration:  # what a run had to withhold or mark, no state of it may show
            finding = registered(finding, registration)
        ((item,), _) = release([finding], run.rules)
        return Answered(state_of(item.as_dict()), people, recorded)
