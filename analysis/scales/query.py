"""SQL of a study of a survey scale: scores and exits, as known at the study's date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics.reliability import items_query
from analysis.funnel import Query
from analysis.instruments import item_of, scale_of

if TYPE_CHECKING:
    from analysis.study import StudySpec

_IN_PROGRAMME = "person_no in (select person_no from marts.programme_funnel where programme = ?)"

# ``employed``: on that day in a spell, or never in the personnel files at all.
_EMPLOYED = """
    case
        when answered.answered_on is null then null
        when not exists (
            select 1 from marts.employment as s
            where s.person_no = answered.person_no and s.known_from <= ? and s.known_to > ?
        ) then true
        else exists (
            select 1 from marts.employment as s
            where s.person_no = answered.person_no and s.known_from <= ? and s.known_to > ?
                and s.hired_on <= answered.answered_on
                and (s.exited_on is null or s.exited_on >= answered.answered_on)
        )
    end as employed
"""

_SCORES = """
with answered as (
    select person_no, wave, answered_on, score as value
    from marts.survey_scores
    where instrument = ? and scale = ? and known_from <= ? and known_to > ?
)
"""

# A single item, turned so that high means much of the instrument's scale.
_ITEM = """
with answered as (
    select distinct r.person_no, r.wave, r.answered_on,
        case
            when r.value not between k.low and k.high then null
            when k.is_reversed then k.low + k.high - r.value
            else r.value
        end as value
    from marts.survey_responses as r
    inner join marts.scoring_keys as k
        on r.instrument = k.questionnaire and r.wave = k.wave and r.item = k.item
    inner join marts.survey_waves as w
        on r.instrument = w.questionnaire and r.wave = w.wave and w.is_linked
    where k.instrument = ? and k.key_item = ? and r.known_from <= ? and r.known_to > ?
)
"""


def scores_query(spec: StudySpec, metric: str, *, everybody: bool = False) -> Query:
    """SQL for (person_no, wave, answered_on, value, employed); value null where too few answered.

    ``metric`` names a scale or a single item. Of people of the programme, or of ``everybody``.
    """
    known = (spec.as_of, spec.as_of)
    (instrument, scale), item = scale_of(metric), item_of(metric)
    text = _SCORES if item is None else _ITEM
    of_whom = "" if everybody else f"where answered.{_IN_PROGRAMME}"
    sql = f"""{text}
select answered.person_no, answered.wave, answered.answered_on, answered.value, {_EMPLOYED}
from answered
{of_whom}
order by answered.person_no, answered.answered_on, answered.wave
"""
    params = (instrument, item or scale, *known, *known, *known)
    return Query(sql, params if everybody else (*params, spec.programme))


def programme_items_query(spec: StudySpec) -> Query:
    """SQL for the answers to the scale's items, as scored, of people of the programme."""
    everybody = items_query(spec)
    sql = f"""
select * from ({everybody.sql}) as answered
where {_IN_PROGRAMME}
order by person_no, wave, item
"""
    return Query(sql, (*everybody.params, spec.programme))


def range_query(spec: StudySpec) -> Query:
    """SQL for the lowest and highest number printed for the study's scale."""
    sql = "select min(low), max(high) from marts.scoring_keys where instrument = ? and scale = ?"
    return Query(sql, scale_of(spec.outcome.metric))


def exits_query(spec: StudySpec, *, everybody: bool = False) -> Query:
    """SQL for (person_no, hired_on, exited_on, notice_on, exit_kind) of employment spells."""
    of_whom = "" if everybody else f"and {_IN_PROGRAMME}"
    sql = f"""
select person_no, hired_on, exited_on, notice_on, exit_kind
from marts.employment
where known_from <= ? and known_to > ? {of_whom}
order by person_no, hired_on
"""
    known = (spec.as_of, spec.as_of)
    return Query(sql, known if everybody else (*known, spec.programme))


def horizon_query(spec: StudySpec) -> Query:
    """SQL for the last day about which the personnel files, as known at the study's date, can tell.

    That of the last delivery of them; without any, of the last of all. Null without any delivery.
    """
    sql = """
with told as (
    select max(delivered_on) as day from staging.employment_delivery
    where delivered_on <= ?
)
select cast(coalesce(told.day, least(?, horizon.last_delivered_on)) as date) as day
from staging.horizon as horizon
left join told on true
"""
    return Query(sql, (spec.as_of, spec.as_of))
