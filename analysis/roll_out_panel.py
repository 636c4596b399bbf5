"""The panel of a roll-out: moments of people by site, start, covariates and months observed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.benefits.members import NOT_RECORDED
from analysis.compress import NEVER, Moments, People, fold
from analysis.errors import SpecError
from analysis.finding import ArmCount, Flow, Step
from analysis.outcomes.values import fitting_values
from analysis.roll_out_cells import cells, groups
from analysis.roll_out_query import history

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from analysis.compress import Rows
    from analysis.roll_out_cells import Groups
    from analysis.study import StudySpec

    # (person, month number, value) of consecutive rows, sorted by person
    Batches = Callable[[], Iterable[Rows]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RollOut:
    """The moments of a roll-out study, rows of covariates by cell (None without), and its flow.

    Periods and cohorts are months counted from year 0. ``strata`` are those of the draw of starts,
    one a cluster. ``mentored_early``: people with a mentor before their own site started, of those
    whose site had not started when the first one did; None where no mentor is on record.
    ``groups``: of each subgroup variable the code of each pattern, and labels.
    """

    moments: Moments
    covariates: NDArray[np.float64] | None
    covariate_names: tuple[str, ...]
    strata: NDArray[np.int64] | None
    flow: Flow
    mentored_early: tuple[int, int] | None = None
    groups: tuple[Groups, ...] = ()


def build_roll_out(
    spec: StudySpec,
    people: pd.DataFrame,
    counts: pd.DataFrame,
    read: Batches,
    *,
    exact_rows: bool = False,
) -> RollOut:
    """The moments of a roll-out; raises SpecError where nobody starts or nobody is measured.

    ``people`` and ``counts`` are what the queries return; ``read`` gives batches of the rows.
    ``exact_rows`` makes every person a pattern: nothing is compressed.
    """
    starts = people["start_month"].dropna()
    if people.empty or starts.empty:
        raise SpecError(
            "programme",
            f"no {spec.cluster} with results starts this programme",
            f"Check programme, population and that enrolments hold {spec.time_zero}.",
        )
    first = int(starts.min()) - history(spec)
    last = spec.as_of.year * 12 + spec.as_of.month - 1
    cell, covariates, names = cells(spec, people)
    found = groups(spec, people)
    alike = np.arange(len(cell)) if exact_rows else _alike([cell, *(codes for codes, _ in found)])
    moments = _moments(spec, people, alike, np.arange(first, last + 1), read, exact_rows)
    one = np.unique(alike, return_index=True)[1][moments.cell]  # somebody of each pattern
    return RollOut(
        moments=replace(moments, cell=cell[one]),
        covariates=covariates,
        covariate_names=names,
        strata=_strata(spec, people),
        flow=_flow(spec, people, counts),
        mentored_early=_mentored_early(people),
        groups=tuple((codes[one], labels) for codes, labels in found),
    )


def _mentored_early(people: pd.DataFrame) -> tuple[int, int] | None:
    if "mentored_month" not in people or people["mentored_month"].isna().all():
        return None
    later = people[~(people["start_month"] <= people["start_month"].min())]
    early = later["mentored_month"] < later["start_month"].fillna(np.inf)
    return (int(early.sum()), len(later)) if len(later) else None


def _alike(codes: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """One code for people with the same codes; the first alone as it is."""
    if len(codes) == 1:
        return codes[0]
    return np.unique(np.column_stack(codes), axis=0, return_inverse=True)[1].reshape(-1)


def _moments(
    spec: StudySpec,
    people: pd.DataFrame,
    cell: NDArray[np.int64],
    periods: NDArray[np.int64],
    read: Batches,
    exact_rows: bool,
) -> Moments:
    """The panel folded by pattern, or with a pattern for every person."""
    return fold(
        lambda: _since(int(periods[0]), spec, read()),
        People(
            cohort=people["start_month"].fillna(NEVER).to_numpy(dtype=np.int64),
            cell=cell,
            cluster=np.unique(people[spec.cluster].astype(str), return_inverse=True)[1],
        ),
        periods,
        keep_cross=not exact_rows,
    )


def _since(first: int, spec: StudySpec, rows: Iterable[Rows]) -> Iterator[Rows]:
    """Months counted from the first one; those before are of no use.

    There are some where the earliest starter has nobody left in the population.
    """
    for person, month, value in rows:
        kept = month >= first
        yield person[kept], month[kept] - first, fitting_values(spec, value[kept])


def _strata(spec: StudySpec, people: pd.DataFrame) -> NDArray[np.int64] | None:
    """The stratum of each cluster, in order of their names; None without strata."""
    if not spec.allocation.strata:
        return None
    text = people[list(spec.allocation.strata)].astype("string").fillna(NOT_RECORDED)
    stratum = text.agg("\x1f".join, axis=1)
    unit = people[spec.cluster].astype(str)
    if (stratum.groupby(unit).nunique() > 1).any():
        raise SpecError(
            "allocation.strata",
            f"a {spec.cluster} lies in several strata, but its start was drawn in one",
            f"Name columns that are the same for everybody of one {spec.cluster}.",
        )
    first = stratum.groupby(unit).first().sort_index()
    return np.unique(first.to_numpy(dtype=str), return_inverse=True)[1].astype(np.int64)


def _flow(spec: StudySpec, people: pd.DataFrame, counts: pd.DataFrame) -> Flow:
    row, unit = counts.iloc[0], spec.cluster.removesuffix("_no")
    measured, employed, kept = (int(row[c]) for c in ("measured", "employed", "kept"))
    started = int(people["start_month"].notna().sum())
    label = f"at a {unit} that starts" if unit != "manager" else "with a manager who starts"
    return Flow(
        steps=(
            Step(label=f"with {spec.outcome.metric.replace('_', ' ')}", people=measured),
            Step(label="employed and placed", people=employed, left_out="not employed or no job"),
            Step(label="in the population", people=kept, left_out="outside it in every month"),
        ),
        arms=(
            ArmCount(arm=spec.arms.treated[0], label=label, people=started),
            ArmCount(arm=spec.arms.comparison, label="never starts", people=kept - started),
        ),
    )
