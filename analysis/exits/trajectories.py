"""Trajectories of a table of person-months as SQL: people with the same months are one row.

A row of the table is a person in a month at risk. Months of a person follow each other from the
first at risk, which is later than 0 for people employed before records begin; mentoring starts
once and stays started. Then first month, month of the start, last month and kind of exit say all
about a person, and the engine counts people who share them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.exits.spans import Spans

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_TRAJECTORIES = """
with people as (
    select
        person_no,
        {any_covariates}
        min(month) as first_month,
        min(case when started then month end) as start_month,
        max(month) as last_month,
        max(exit_kind) as exit_kind,
        max(case when exit_kind > 0 then month end) as exit_month,
        count(*) as months,
        sum(case when started then 1 else 0 end) as started_months
    from {table}
    group by person_no
)

select
    {covariates}
    first_month,
    coalesce(start_month, last_month + 1) as start_month,
    last_month,
    exit_kind,
    count(*) as people,
    sum(case
        when months <> last_month - first_month + 1 then 1
        when started_months <> coalesce(last_month - start_month + 1, 0) then 1
        when exit_month <> last_month then 1
        {changing}
        else 0
    end) as broken
from people
group by {covariates} first_month, start_month, last_month, exit_kind
order by {covariates} first_month, start_month, last_month, exit_kind
"""
BROKEN = (
    "months at risk of a person must follow each other and end with the exit, mentoring once "
    "started stays so, and covariates do not change"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedSpans:
    """Spans, and of each pattern the covariate values (P, c) and whether mentoring had started."""

    spans: Spans
    covariates: Floats
    started: NDArray[np.bool_]


def trajectories_sql(table: str, covariates: Sequence[str] = ()) -> str:
    """A statement whose rows :func:`started_spans` reads.

    ``table`` is a table, or a query in parentheses, with person_no, month (0 the first of the time
    scale), started (boolean, known before the month), exit_kind (0 in months without an exit) and
    the covariates, whole numbers that do not change.
    """
    return _TRAJECTORIES.format(
        table=table,
        covariates=" ".join(f"{name}," for name in covariates),
        any_covariates=" ".join(
            f"min({name}) as {name}, max({name}) as {name}_last," for name in covariates
        ),
        changing=" ".join(f"when {name} <> {name}_last then 1" for name in covariates),
    )


def started_spans(
    columns: Mapping[str, NDArray[np.integer]], covariates: Sequence[str] = ()
) -> StartedSpans:
    """Spans of the rows of :func:`trajectories_sql`: one before the start, one from it on.

    Raises ValueError where months of a person have gaps or mentoring ends again.
    """
    if columns["broken"].any():
        raise ValueError(BROKEN)
    first, start, last, kind = (
        columns[name].astype(np.int64)
        for name in ("first_month", "start_month", "last_month", "exit_kind")
    )
    count = len(first)
    values = np.column_stack([*(columns[name] for name in covariates), np.zeros(count)])[:, :-1]
    cells, cell = np.unique(values.astype(np.float64), axis=0, return_inverse=True)
    before, after = np.flatnonzero(first < start), np.flatnonzero(start <= last)
    who = np.concatenate([before, after])
    starts = np.concatenate([first[before], np.maximum(start, first)[after]])
    ends = np.concatenate([np.minimum(start - 1, last)[before], last[after]])
    mentored = np.repeat([0, 1], [len(before), len(after)])
    order = np.lexsort((starts, who))
    who, starts, ends, mentored = (part[order] for part in (who, starts, ends, mentored))
    spans = Spans(
        who=who,
        pattern=2 * cell.reshape(-1)[who] + mentored,
        first=starts,
        last=ends,
        kind=np.where(ends == last[who], kind[who], 0),
        people=columns["people"].astype(np.float64),
    )
    both = len(cells)
    return StartedSpans(
        spans=spans,
        covariates=np.repeat(cells, 2, axis=0),
        started=np.tile([False, True], both),
    )
