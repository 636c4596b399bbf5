-- warn
-- survey items that nobody answered in a wave that asked the rest of their scale; scored without
-- names item
with answered as (
    select distinct instrument as questionnaire, wave, item
    from staging.survey_response
    where known_to = date '9999-12-31' and value is not null
),

keyed as (
    select
        keys.questionnaire, keys.wave, keys.item, keys.instrument, keys.scale,
        answered.item is not null as was_asked,
        count(answered.item) over same_scale as asked,
        max(keys.items_needed) over same_scale as needed
    from staging.scoring_key as keys
    left join answered
        on
            keys.questionnaire = answered.questionnaire
            and keys.wave = answered.wave
            and keys.item = answered.item
    window same_scale as (
        partition by keys.questionnaire, keys.wave, keys.instrument, keys.scale
    )
)

-- With fewer items than a score needs the scale was not asked, and has none.
select distinct questionnaire, wave, item
from keyed
where not was_asked and asked >= needed
