"""Our side of each task: from the panel mart through the engine to the figures.

`python ours.py FOLDER TASK` waits for lines on standard input (`serve.py`). What is timed: reading
the people and the panel, the moments, the estimates, their standard errors and aggregations.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import exits
import numpy as np
from exits_data import EXITS
from serve import serve

from analysis.compress import NEVER, People, fold
from analysis.estimators.aggregate import aggregate
from analysis.estimators.aipw import aipw
from analysis.estimators.cells import Cells, cells_from_sums
from analysis.estimators.fixed_effects import event_study, two_way
from analysis.estimators.group_time import GroupTime, att_by_group_and_time
from analysis.estimators.influence import spread
from analysis.estimators.logit import fit_logit
from analysis.estimators.nuisance import fit_nuisance
from analysis.moments_sql import PanelTables, moments_in_sql
from data import LEVELS, MART, MONTHS
from pipelines.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from serve import Figures

    from analysis.compress import Moments
    from analysis.person_chunks import Rows

MEMORY = "250MB"  # of the engine: the panel streams through it
PANEL = "select person_no, month - 1 as period, value from panel"
NAN = float("nan")


def moments(engine: Engine, *, cells: bool = False) -> Moments:
    """The moments of the panel, by cohort or by cohort and cell of the two covariates."""
    cell = "10 * x1 + x2" if cells else "0"
    people = engine.arrow(
        f"select case when start = 0 then {NEVER} else start end as cohort,"
        f" cast({cell} as bigint) as cell from people order by person_no"
    )

    def read() -> Iterator[Rows]:
        for batch in engine.batches(PANEL):
            person, period, value = (column.to_numpy() for column in batch.columns)
            yield person, period, value

    who = People(cohort=people["cohort"].to_numpy(), cell=people["cell"].to_numpy())
    return fold(read, who, np.arange(1, MONTHS + 1))


def twfe(engine: Engine) -> Figures:
    fit = two_way(moments(engine))
    return {"treated": (fit.estimate[0], fit.std_error()[0])}


def events(engine: Engine) -> Figures:
    fit = event_study(moments(engine))
    pairs = zip(fit.labels, fit.estimate, fit.std_error(), strict=True)
    return {f"event {label}": (b, se) for label, b, se in pairs}


def group_time(engine: Engine, *, adjusted: bool) -> Figures:
    """All ATT(g,t), and the four aggregations."""
    covariates = None
    if adjusted:
        x1, x2 = np.divmod(np.arange(100.0), 10)
        covariates = np.column_stack([np.ones(100), x1, x2])
    effects = att_by_group_and_time(moments(engine, cells=adjusted), covariates=covariates)
    return with_aggregations(effects)


def in_sql(engine: Engine) -> Figures:
    """All ATT(g,t) from moments that the engine made by itself."""
    tables = PanelTables(
        panel=f"({PANEL})",
        people="(select person_no, nullif(start, 0) as cohort, 0 as cell from people)",
    )
    made = moments_in_sql(engine.rows, tables, np.arange(1, MONTHS + 1))
    return with_aggregations(att_by_group_and_time(made))


def with_aggregations(effects: GroupTime) -> Figures:
    keys = zip(effects.group, effects.period, strict=True)
    found = {
        f"att {g} {t}": (b, se)
        for (g, t), b, se in zip(keys, effects.att, effects.std_error, strict=True)
    }
    for kind in ("simple", "group", "event", "calendar"):
        made = aggregate(effects, kind)
        found[f"{kind} overall"] = (made.overall, made.overall_std_error)
        if kind != "simple":
            pairs = zip(made.labels, made.estimate, made.std_error, strict=True)
            found |= {f"{kind} {label}": (b, se) for label, b, se in pairs}
    return found


def opt_in_cells(engine: Engine, *, outcomes: bool) -> tuple[Cells, np.ndarray]:
    """Cells of five covariates, counted by the engine, and the covariates as they are."""
    names = [f"z{k}" for k in range(1, len(LEVELS) + 1)]
    keys = ", ".join(names)
    sums, centre, size = ["count(*)"], 0.0, 0.0
    if outcomes:
        centre, size = engine.rows("select avg(outcome), max(abs(outcome)) from people")[0]
        sums += [f"sum(outcome - {centre!r})", f"sum(power(outcome - {centre!r}, 2))"]
    columns = ", ".join(
        f"coalesce({one} filter (where {side}), 0)"
        for one in sums
        for side in ("not joined", "joined")
    )
    found = engine.rows(f"select {keys}, {columns} from people group by {keys} order by {keys}")
    rows = np.array(found, dtype=float)
    covariates, made = rows[:, : len(names)], rows[:, len(names) :].T.reshape(-1, 2, len(rows))
    people, total, squares = made if outcomes else (made[0], np.zeros_like(made[0]), made[0])
    cells = cells_from_sums(covariates, people, total, squares, centre=centre, size=size)
    return cells, covariates


def logit(engine: Engine) -> Figures:
    """The slopes, on the covariates as they are."""
    cells, covariates = opt_in_cells(engine, outcomes=False)
    predictor = cells.design @ fit_logit(cells.design, cells.people).coefficients
    plain = np.column_stack([np.ones(len(covariates)), covariates])
    slopes = np.linalg.lstsq(plain, predictor, rcond=None)[0][1:]
    return {f"slope {k}": (b, NAN) for k, b in enumerate(slopes, start=1)}


def doubly_robust_opt_in(engine: Engine) -> Figures:
    cells, _ = opt_in_cells(engine, outcomes=True)
    made = aipw(cells, fit_nuisance(cells), "att")
    return {"att": (made.estimate, spread(cells, made).std_error)}


def floor_scan(engine: Engine) -> Figures:
    engine.rows("select sum(person_no), sum(month), sum(value) from panel")
    return {}


def floor_group(engine: Engine) -> Figures:
    engine.rows("select month, count(*), sum(value), sum(value * value) from panel group by month")
    return {}


def floor_read(engine: Engine) -> Figures:
    for _ in engine.batches(PANEL):
        pass
    return {}


TASKS: dict[str, Callable[[Engine], Figures]] = {
    "twfe": twfe,
    "events": events,
    "cs": partial(group_time, adjusted=False),
    "dr": partial(group_time, adjusted=True),
    "sql": in_sql,
    "logit": logit,
    "aipw": doubly_robust_opt_in,
    "cloglog": exits.cloglog,
    "cox": exits.cox,
    "floor: scan": floor_scan,
    "floor: scan, group by": floor_group,
    "floor: scan into Arrow": floor_read,
}


def main(folder: Path, name: str) -> None:
    file = EXITS if name in ("cloglog", "cox") else MART
    with Engine.open(folder / file, read_only=True, threads=2, memory=MEMORY) as engine:
        serve(lambda: partial(TASKS[name], engine), {})


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
