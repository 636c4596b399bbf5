"""The table that mediation reads: outcome, mediators and mentoring functions with their waves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.errors import SpecError
from analysis.mediation import mediate
from analysis.mediation_people import FUNCTION, MEDIATOR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.mediation import Answer
    from analysis.scales.answers import Answers
    from analysis.scales.study import ScaleStudy
    from analysis.study import Window

PAST = "past: "  # how the names of last scores before time zero begin


def mediation_of(study: ScaleStudy, others: Mapping[str, Answers]) -> Answer:
    """What goes through the study's mediators; ``others`` has the answers to every scale it names.

    The first answer in its window counts. Adjusted for the study's covariates and for the last
    score before time zero of the outcome and of each mediator.
    """
    asked = study.spec.mediation
    if asked is None:
        return (), ()
    window = study.spec.follow_up.primary
    panel = study.panel(window, "score")
    people = panel.people.merge(
        study.cohort.people[["person_no", "time_zero"]], left_on="person", right_on="person_no"
    )
    scored = study.answers.first(window)
    table = people[["person", "arm", "time_zero", "cluster", "stratum", *panel.covariates]].assign(
        outcome=_of(scored["value"], people["person"]),
        outcome_wave=_of(scored["wave"], people["person"]),
        outcome_on=_of(scored["answered_on"], people["person"]),
    )
    table[f"{PAST}outcome"] = people["pre_outcome"]
    for name in asked.mediators:
        table[f"{PAST}{name}"] = _of(others[name].past(1), people["person"])
    table = _with_scores(table, asked.mediators, others, asked.measured, "mediator", MEDIATOR)
    if asked.functions and asked.functions_measured:
        table = _with_scores(
            table, asked.functions, others, asked.functions_measured, "function", FUNCTION
        )
    if asked.moderator:
        table["moderator"] = _moderator(study, asked.moderator, others, table["person"])
    past = tuple(str(c) for c in table if str(c).startswith(PAST) and table[c].notna().any())
    return mediate(table, study.spec_of("score"), (*panel.covariates, *past))


def _with_scores(
    table: pd.DataFrame,
    names: tuple[str, ...],
    others: Mapping[str, Answers],
    window: Window,
    kind: str,
    prefix: str,
) -> pd.DataFrame:
    """A column a scale, and the wave and day of the last of these answers."""
    firsts = [others[name].first(window) for name in names]
    made = table.assign(
        **{
            f"{prefix}{name}": _of(first["value"], table["person"])
            for name, first in zip(names, firsts, strict=True)
        }
    )
    together = pd.concat(firsts).reset_index().sort_values(["person", "answered_on", "wave"])
    last = together.drop_duplicates("person", keep="last").set_index("person")
    return made.assign(
        **{
            f"{kind}_wave": _of(last["wave"], table["person"]),
            f"{kind}_on": _of(last["answered_on"], table["person"]),
        }
    )


def _moderator(
    study: ScaleStudy, name: str, others: Mapping[str, Answers], person: pd.Series[int]
) -> pd.Series[float]:
    """The last score before time zero, or an attribute of people that is a number."""
    if name in others:
        return _of(others[name].past(1), person).astype(float)
    people = study.cohort.people.set_index("person_no")
    numbers = pd.to_numeric(people[name], errors="coerce").astype(float)
    if numbers[people[name].notna()].isna().any():
        raise SpecError(
            "mediation.moderator",
            f"{name} is not a number for everybody",
            "Name a scale, or an attribute of people that is a number.",
        )
    return _of(numbers, person)


def _of(values: pd.Series[Any], person: pd.Series[int]) -> pd.Series[Any]:
    """The values by person in the order of these people; empty where there is none."""
    return values.reindex(person).set_axis(person.index)
