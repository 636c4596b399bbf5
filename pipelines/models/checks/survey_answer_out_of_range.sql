-- warn
-- answers below the lowest or above the highest number of their item; left out of scores
-- names item
with keys as (
    select distinct questionnaire, wave, item, low, high
    from staging.scoring_key
)

select responses.person_no, responses.wave, responses.item
from staging.survey_response as responses
inner join keys
    on
        responses.instrument = keys.questionnaire
        and responses.wave = keys.wave
        and responses.item = keys.item
where
    responses.known_to = date '9999-12-31'
    and not responses.value between keys.low and keys.high
