"""Careers: when each person was hired, came under study, started and left, in days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int64]
NEVER = 2**40  # a day that never comes; days count from 1970-01-01

# Codes of the kinds of exits; 0 is no exit seen. A transfer leads out of the records, to a company
# of which nothing is delivered: whoever is transferred can no longer be seen to resign.
KINDS = (
    "", "voluntary", "involuntary", "retirement", "end_of_contract", "death", "unknown",
    "transfer",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Covariate:
    """What was known of people before each month, as codes of few values.

    ``codes``: (n, 1) where it does not change, else (n, months), column j as known on the first
    day of calendar month ``first_month + j``; -1 where not recorded. ``scores``: the number that
    stands for each code where codes are groups of a number (equally many people each), None where
    codes are categories. ``labels`` name the codes.
    """

    name: str
    codes: NDArray[np.int16]
    labels: tuple[str, ...]
    scores: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Careers:
    """One row an employment spell in the study (n), sorted by person and hire; rehires are rows.

    Days are int64, ``NEVER`` where there is none. ``person``: dense number, equal in the spells of
    a person. ``cluster``: code of what errors are clustered by. ``zero``: time zero of assigned
    arms. ``arm``: 0 the comparison, 1 and on the treated arms as assigned; -1 everywhere where
    people or sites start by themselves. ``start``: the first day of mentoring, whoever assigned
    it. ``exit``: the last day of employment, if seen by ``end``, the last day followed; ``kind``
    codes of ``KINDS``. ``notice``: the day on which notice was given. ``eligible``: (n, months)
    whether the person could start in calendar month ``first_month + j`` (months are
    12 * year + month - 1). ``undated``: exits whose day was inferred from the last file that still
    had the person. ``subgroups``: the declared groups of each month, coded as covariates are.
    """

    person: Days
    cluster: Days
    hired: Days
    zero: Days
    arm: NDArray[np.int64]
    start: Days
    exit: Days
    kind: NDArray[np.int64]
    notice: Days
    end: Days
    eligible: NDArray[np.bool_]
    first_month: int
    undated: NDArray[np.bool_]
    covariates: tuple[Covariate, ...] = ()
    subgroups: tuple[Covariate, ...] = ()

    def __len__(self) -> int:
        return len(self.person)
