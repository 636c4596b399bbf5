"""Answers the product's queries from arrays, so that its own code makes the finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.exits import query as of_exits
from analysis.funnel import attributes_query, funnel_query, roster_query
from analysis.outcomes.dose import meetings_query
from analysis.roll_out_query import counts_query, history, people_query, rows_query
from analysis.scales import query as of_scales
from analysis.survey_linking import waves_query
from analysis.synthetic.calendar import NEVER
from analysis.synthetic.people import DEPARTMENTS
from analysis.synthetic.records import AS_OF
from analysis.synthetic.surveys import WAVES
from pipelines.demo_tables import site_names
from tests.scenarios.staff import YEAR_0, dates, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analysis.study import StudySpec
    from tests.scenarios.marts import Marts

_METRICS = "select distinct metric from marts.performance order by metric"


class Memory:
    """Stands where pipelines.engine.Engine does, for one study of one company.

    An unknown query is a KeyError: whoever adds one to the product adds its frame here. Frames
    are made from the marts, never from ``self``: a cycle would keep the company in memory.
    """

    def __init__(self, marts: Marts, spec: StudySpec) -> None:
        self._marts, self._spec = marts, spec
        kinds = {"exit": self._exits, "scale": self._scale}
        if spec.design == "rollout" and spec.outcome.kind != "exit":
            self._known = self._roll_out()
        else:
            self._known = kinds.get(spec.outcome.kind, self._people)()

    def frame(self, sql: str, params: Any = None) -> pd.DataFrame:
        """The frame of a query."""
        return self._known[sql](params)

    def rows(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        if sql == _METRICS:
            return [(m,) for m in sorted(d.metric for d in DEPARTMENTS if d.metric)]
        return [tuple(row) for row in self.frame(sql, params).itertuples(index=False)]

    def scalar(self, sql: str, params: Any = None) -> Any:
        """The first value of a query."""
        return self.frame(sql, params).iloc[0, 0]

    def batches(self, sql: str, params: Any = None) -> Iterator[pa.RecordBatch]:
        """The rows of a query."""
        yield pa.RecordBatch.from_pandas(self.frame(sql, params), preserve_index=False)

    def _people(self) -> dict[str, Callable[[Any], pd.DataFrame]]:
        marts, spec = self._marts, self._spec
        return {
            funnel_query(spec).sql: lambda _: marts.funnel(spec.programme, spec.time_zero),
            attributes_query(spec).sql: lambda p: marts.attributes(p[:-1]),
            meetings_query(spec).sql: lambda _: marts.meetings_held(),
            roster_query(spec).sql: lambda _: pd.DataFrame({"people": [0]}),
            _RESULTS: lambda p: _results(marts, p[0]),
        }

    def _exits(self) -> dict[str, Callable[[Any], pd.DataFrame]]:
        marts, spec = self._marts, self._spec

        def starts(_: Any) -> pd.DataFrame:
            funnel = marts.funnel(spec.programme, spec.time_zero)
            columns = {"person_no": "person_no", "time_zero": "time_zero"}
            columns[spec.trials.start] = "started_on"
            return funnel[list(columns)].rename(columns=columns)

        def figures(params: Any) -> pd.DataFrame:
            found, first = marts.figures(params[0]), params[3] - YEAR_0
            kept = found.month >= first
            return pd.DataFrame(
                {
                    "person_no": marts.number[found.row[kept]],
                    "month_no": (YEAR_0 + found.month[kept]).astype(np.int32),
                    "value": found.value[kept],
                }
            )

        day = pd.DataFrame({"delivered_on": dates(np.array([AS_OF]))})
        return {
            of_exits.spells_query(spec).sql: lambda _: marts.spells(),
            of_exits.deliveries_query(spec).sql: lambda _: day,
            of_exits.starts_query(spec).sql: starts,
            of_exits.jobs_query(spec).sql: lambda _: marts.jobs(),
            attributes_query(spec).sql: lambda p: marts.attributes(p[:-1]),
            of_exits.figures_query(spec, "", 0).sql: figures,
            of_exits.other_mentors_query(spec).sql: lambda _: marts.other_mentors(spec.programme),
        }

    def _scale(self) -> dict[str, Callable[[Any], pd.DataFrame]]:
        marts, spec = self._marts, self._spec
        everybody = {"everybody": True}
        linked = pd.DataFrame(
            {
                "instrument": words(["tis6"], np.zeros(len(WAVES), dtype=int)),
                "scale": words(["total"], np.zeros(len(WAVES), dtype=int)),
                "wave": words([str(w + 1) for w in range(len(WAVES))], np.arange(len(WAVES))),
                "is_linked": True,
            }
        )
        metric = spec.outcome.metric
        return {
            **self._people(),
            waves_query().sql: lambda _: linked,
            of_scales.horizon_query(spec).sql: lambda _: pd.DataFrame(
                {"day": [pd.Timestamp(AS_OF)]}
            ),
            of_scales.range_query(spec).sql: lambda _: pd.DataFrame({"low": [1.0], "high": [5.0]}),
            of_scales.exits_query(spec).sql: lambda _: marts.spells_of(spec.programme),
            of_scales.exits_query(spec, **everybody).sql: lambda _: marts.spells_of(),
            of_scales.scores_query(spec, metric).sql: lambda _: marts.scores(spec.programme),
            of_scales.scores_query(spec, metric, **everybody).sql: lambda _: marts.scores(),
            of_scales.programme_items_query(spec).sql: lambda _: marts.items(spec.programme),
        }

    def _roll_out(self) -> dict[str, Callable[[Any], pd.DataFrame]]:
        marts, spec = self._marts, self._spec
        (least,) = (rule.min for name, rule in spec.population.items() if name == "tenure_months")
        measured, kept, starts = marts.roll_out(history(spec), int(least))
        number = marts.number
        person, first = np.unique(number[kept.row], return_index=True)
        site = marts.job_site(kept.row[first], kept.month[first])
        begins = pd.array(YEAR_0 + starts[site], dtype="Int64")
        begins[starts[site] == NEVER] = pd.NA
        people = pd.DataFrame(
            {
                "person_no": person,
                "site": words(site_names(marts.company).to_pylist(), site),
                "start_month": begins,
                "mentored_month": pd.array([None] * len(person), dtype="Int64"),
            }
        )
        employed = len(np.unique(number[measured.row]))
        counts = pd.DataFrame({"measured": [employed], "employed": employed, "kept": len(person)})
        rows = pd.DataFrame(
            {
                "person": np.searchsorted(person, number[kept.row]),
                "month_no": YEAR_0 + kept.month,
                "value": kept.value,
            }
        )
        return {
            people_query(spec).sql: lambda _: people,
            counts_query(spec).sql: lambda _: counts,
            rows_query(spec).sql: lambda _: rows,
        }


_RESULTS = """
select person_no, month, value
from marts.performance
where metric = ? and known_from <= ? and known_to > ?
order by person_no, month
"""


def _results(marts: Marts, metric: str) -> pd.DataFrame:
    found = marts.figures(metric)
    months = dates(np.datetime64("2022-01", "M") + np.arange(48))
    return pd.DataFrame(
        {
            "person_no": marts.number[found.row],
            "month": months[found.month],
            "value": found.value,
        }
    )
