"""Deliveries of the demo company's survey: answers of everybody, and of people mentored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

from analysis.synthetic.items import INSTRUMENTS, MFQ

if TYPE_CHECKING:
    import pyarrow as pa

_PERSON = ("person_id", "wave", "answered_on")


def answers(survey: pa.Table) -> pa.Table:
    """A row a response; ``survey`` is the canonical table, one row an invitation."""
    items = [f"{s.name}_{n + 1}" for s in INSTRUMENTS if s is not MFQ for n in range(s.items)]
    return _responses(survey, items)


def answers_of_mentees(survey: pa.Table) -> pa.Table:
    """A row a response of somebody mentored in that month: the questions about the mentor."""
    return _responses(survey, [f"{MFQ.name}_{n + 1}" for n in range(MFQ.items)])


def _responses(survey: pa.Table, items: list[str]) -> pa.Table:
    asked = survey.filter(pc.is_valid(survey[items[0]])).select([*_PERSON, *items])
    return asked.rename_columns(["employee_id", *_PERSON[1:], *items])
