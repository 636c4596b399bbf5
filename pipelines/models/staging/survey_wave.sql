-- one row per questionnaire and wave
with responses as (
    select
        instrument as questionnaire, wave, person_no, count(value) > 0 as is_shown
    from staging.survey_response
    group by instrument, wave, person_no
),

employed as (
    select distinct person_no from staging.employment_spell
),

enrolled as (
    select distinct person_no from staging.enrolment
),

-- Without personnel files the programmes tell who is known, and without these nothing does.
recorded as (
    select person_no from employed
    union all
    select person_no from enrolled
    where not exists (select 1 from employed)
    union all
    select distinct person_no from responses
    where not exists (select 1 from employed) and not exists (select 1 from enrolled)
),

placed as (
    select
        responses.questionnaire, responses.wave, responses.is_shown,
        responses.is_shown and recorded.person_no is not null as is_known
    from responses
    left join recorded on responses.person_no = recorded.person_no
)

select
    questionnaire,
    wave,
    cast(count(*) as integer) as respondents,
    cast(count(*) filter (where is_shown) as integer) as respondents_shown,
    cast(count(*) filter (where is_known) as integer) as respondents_known,
    count(*) filter (where is_known) > 0 as is_linked
from placed
group by questionnaire, wave
order by questionnaire, wave
