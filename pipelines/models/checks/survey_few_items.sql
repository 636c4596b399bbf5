-- warn
-- survey responses that answer fewer than two thirds of the questions put to everybody
with answers as (
    select person_no, instrument, wave, item
    from staging.survey_response
    where known_to = date '9999-12-31' and value is not null
),

waves as (
    select instrument, wave, count(distinct person_no) as people
    from answers
    group by instrument, wave
),

-- Questions that only some are asked say nothing of those who are not: nine in ten must answer.
asked as (
    select answers.instrument, answers.wave, answers.item
    from answers
    inner join waves on answers.instrument = waves.instrument and answers.wave = waves.wave
    group by answers.instrument, answers.wave, answers.item
    having count(*) >= 0.9 * any_value(waves.people)
),

questions as (
    select instrument, wave, count(*) as items
    from asked
    group by instrument, wave
)

select answers.person_no, answers.instrument, answers.wave
from answers
inner join questions
    on answers.instrument = questions.instrument and answers.wave = questions.wave
left join asked
    on
        answers.instrument = asked.instrument
        and answers.wave = asked.wave
        and answers.item = asked.item
group by answers.person_no, answers.instrument, answers.wave
having 3 * count(asked.item) < 2 * any_value(questions.items)
