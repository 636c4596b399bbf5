"""Whose figures enter a comparison, and whose records changed: a fingerprint a person.

They decide how small a group of people is behind a difference, so that nobody can be told from it.
Fingerprints are compared within one process and are never stored or shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.exits.build import build_starting
from analysis.exits.build_assigned import build_assigned
from analysis.follow_up import build_panel, outcome_query
from analysis.roll_out_query import people_query, rows_query
from pipelines.diff.reading import content, row_tables
from pipelines.engine import quote_identifier as ident
from pipelines.scales import read_scale
from pipelines.studies import read_cohort

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from analysis.funnel import Query
    from analysis.study import StudySpec
    from pipelines.engine import Engine

Prints = pd.Series  # fingerprint (uint64) by pseudonym
_BESIDE = {"dose": (), "practices": (), "mediation": None}  # asked beside the headline
_BY_SITE = "manager_no"  # a number of a person, which says nothing from one build to the next


def compared_people(engine: Engine, spec: StudySpec) -> Prints:
    """A fingerprint of what enters the headline for each person who is compared."""
    spec = spec.model_copy(update=_BESIDE)

    def read(query: Query) -> pd.DataFrame:
        return engine.frame(query.sql, query.params)

    if spec.outcome.kind == "exit":
        frames = _careers(spec, read)
    elif spec.design == "rollout":
        people = read(people_query(spec))
        rows = read(rows_query(spec)).assign(
            person_no=lambda r: people["person_no"].to_numpy()[r["person"]]
        )
        frames = [people, rows.drop(columns="person")]
    else:
        cohort = read_cohort(engine, spec)
        if spec.outcome.kind == "scale":
            study = read_scale(engine, spec, cohort, (None, None), exact_rows=False).study
            panel = study.panel(spec.follow_up.primary, study.headline)
        else:
            panel = build_panel(spec, cohort, read(outcome_query(spec)))
            panel = panel.between(*spec.follow_up.primary)
        past = panel.people[["person", "pre_outcome"]].rename(columns={"person": "person_no"})
        rows = panel.rows.rename(columns={"person": "person_no"})
        frames = [cohort.people.drop(columns=["exited_on"], errors="ignore"), past, rows]
    return _by_key(engine, frames)


def _careers(spec: StudySpec, read: Callable[[Query], pd.DataFrame]) -> list[pd.DataFrame]:
    built = (build_assigned if spec.design == "randomised" else build_starting)(spec, read)
    careers = built.careers
    columns = {
        name: getattr(careers, name)
        for name in ("hired", "zero", "arm", "start", "exit", "kind", "notice", "end")
    }
    columns["months"] = _of_rows(careers.eligible)
    for covariate in careers.covariates:
        columns[covariate.name] = _of_rows(covariate.codes)
    frame = pd.DataFrame({"person_no": built.person_no, **columns})
    return [frame[frame["person_no"].isin(built.panel.people["person"])]]


def _of_rows(values: np.ndarray) -> np.ndarray:
    """A hash a row of an array."""
    frame = pd.DataFrame(values.reshape(len(values), -1))
    return pd.util.hash_pandas_object(frame, index=False).to_numpy()


def _by_key(engine: Engine, frames: list[pd.DataFrame]) -> Prints:
    """Fingerprints of the rows of each person, in any order, by pseudonym."""
    keys = engine.frame("select person_no, person_key from staging.person")
    named = keys.set_index("person_no")["person_key"]
    made = []
    for place, frame in enumerate(frames):
        told = frame.drop(columns=["person_no", _BY_SITE], errors="ignore").assign(_place=place)
        prints = pd.util.hash_pandas_object(told, index=False).to_numpy()
        made.append(pd.Series(prints, index=named.reindex(frame["person_no"]).to_numpy()))
    together = pd.concat(made)
    return together.groupby(level=0).sum()


def recorded_people(engine: Engine) -> Prints:
    """A fingerprint of all that has landed of each person, whatever the file it stands in."""
    parts = []
    for contract in row_tables():
        columns = ", ".join(ident(c) for c in content(contract, "_columns"))
        person = next(c.name for c in contract.columns if c.role == "identifier")
        parts.append(
            f"select {person} as person, hash('{contract.table}', {columns}) as print "
            f"from landed.{contract.table}"
        )
    sql = f"select person, sum(print % 1000000007) as print from ({' union all '.join(parts)}) "
    found = engine.frame(sql + "group by person")
    return found.set_index("person")["print"]


def changed(before: Prints, after: Prints) -> frozenset[str]:
    """People with another fingerprint, or with one on one side alone."""
    pair = pd.concat([before.rename("a"), after.rename("b")], axis=1)
    odd = (pair["a"] != pair["b"]) | pair.isna().any(axis=1)
    return frozenset(pair.index[odd])
