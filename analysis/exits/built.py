"""What a study of exits is made of before anything is estimated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from analysis.exits.query import deliveries_query, spells_query
from analysis.exits.records import Records, Spells, read_records, read_spells
from analysis.finding import Flow, Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.exits.careers import Careers
    from analysis.exits.covariates import Read
    from analysis.panel import Panel
    from analysis.study import StudySpec

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """Careers of a study, how people came into it, and what the records can tell.

    ``panel`` holds a row for each arm that a person is in, for the checks of people: arm, take_up,
    mentored (0/1; nan where no other mentors are recorded), and, of a draw, strata and covariates.
    ``person_no``: the people of the careers' rows (n,).
    """

    careers: Careers
    person_no: Ints
    flow: Flow
    records: Records
    population: str
    panel: Panel


@dataclass(slots=True, kw_only=True)
class Steps:
    """The attrition table while it is made; people count once, whatever their spells."""

    person: Ints
    steps: list[Step] = field(default_factory=list)

    def add(self, rows: Bools, label: str, left_out: str = "") -> None:
        """The people of the rows; a step that loses nobody is not worth a line."""
        people = len(np.unique(self.person[rows]))
        if not self.steps or people < self.steps[-1].people:
            self.steps.append(Step(label=label, people=people, left_out=left_out))


def read_employment(spec: StudySpec, read: Read) -> tuple[Records, Spells]:
    """What is known of exits at the study's date, and the spells as seen by the end of it."""
    known = read(spells_query(spec))
    records = read_records(spec, known, read(deliveries_query(spec)))
    return records, read_spells(known, records.end)
