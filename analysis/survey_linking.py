"""Which survey waves a study of a scale can use: answers must be those of people on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic
from analysis.errors import SpecError
from analysis.funnel import Query
from analysis.instruments import item_of, scale_of

if TYPE_CHECKING:
    import pandas as pd

    from analysis.study import StudySpec

# What makes a survey usable without anybody at the company reading single answers.
ASK = (
    "Ask the vendor for a confidential, not anonymous, export: one line a respondent with a "
    "personnel number or mail address, which are replaced while the file is read; results are "
    "shown for groups above a reporting threshold alone."
)


def waves_query() -> Query:
    """SQL for one row a scale and wave (instrument, scale, wave, is_linked)."""
    sql = """
select distinct keys.instrument, keys.scale, waves.wave, waves.is_linked
from marts.scoring_keys as keys
inner join marts.survey_waves as waves
    on keys.questionnaire = waves.questionnaire and keys.wave = waves.wave
where exists (
    select 1 from marts.survey_responses as answers
    where
        answers.instrument = keys.questionnaire
        and answers.wave = keys.wave
        and answers.item = keys.item
)
order by keys.instrument, keys.scale, waves.wave
"""
    return Query(sql, ())


def check_linked(
    spec: StudySpec, waves: pd.DataFrame, metric: str = "", key: str = "outcome.metric"
) -> tuple[Diagnostic, ...]:
    """A note on waves left out; ``waves`` is what :func:`waves_query` returns.

    Raises SpecError where no wave of the scale can be linked to people. ``metric`` [the study's]
    names the scale, ``key`` where the study does.
    """
    instrument, scale = scale_of(metric or spec.outcome.metric)
    own = waves[(waves["instrument"] == instrument) & (waves["scale"] == scale)]
    item = item_of(metric or spec.outcome.metric)
    scales = sorted(set(waves.loc[waves["instrument"] == instrument, "scale"].astype(str)))
    if own.empty and item and scales:
        raise SpecError(
            key,
            f"{instrument} has no total: a single item of it is named with its scale",
            f"Write {instrument}.{scales[0]}/{item}, with the scale it belongs to: "
            f"{', '.join(scales)}.",
        )
    if own.empty:
        pairs = sorted(set(zip(waves["instrument"], waves["scale"], strict=True)))
        known = ", ".join(f"{i}.{s}" for i, s in pairs) or "none"
        raise SpecError(
            key,
            f"no answers of single people to the scale {instrument}.{scale} were delivered",
            f"Scales with answers: {known}. Files of groups are refused: {ASK} Where items have "
            "other names, say which under `instruments` in mentorlift.yml.",
        )
    linked = own["is_linked"].astype(bool)
    if not linked.any():
        raise SpecError(
            key,
            f"the answers to {instrument}.{scale} cannot be linked to people: in every wave they "
            "are anonymous, averages of groups, or hidden",
            ASK,
        )
    left_out = sorted(own.loc[~linked, "wave"].astype(str))
    return _left_out(left_out, len(own)) if left_out else ()


def _left_out(left_out: list[str], waves: int) -> tuple[Diagnostic, ...]:
    return (
        Diagnostic(
            name="survey_waves_left_out",
            label="Survey waves whose answers cannot be linked to people",
            value=float(len(left_out)),
            display=f"{len(left_out)} of {waves} left out: {', '.join(left_out)}",
            threshold="not gated",
            status="note",
            remedy=f"Those waves are anonymous, averages of groups, or hidden. {ASK}",
        ),
    )
