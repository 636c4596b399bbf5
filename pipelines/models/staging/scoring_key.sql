-- one row per questionnaire, wave, delivered item and scale that it enters
with keys as (
    select
        questionnaire, item, wave, instrument, scale, key_item, wording, low, high,
        is_reversed, weight, items_total, items_needed, is_formative
    from landed.scoring_keys
),

waves as (
    select questionnaire, wave from staging.survey_wave
),

-- What was printed in one wave goes over what holds for all.
placed as (
    select
        waves.questionnaire, waves.wave, keys.item, keys.instrument, keys.scale,
        keys.key_item, keys.wording, keys.low, keys.high, keys.is_reversed, keys.weight,
        keys.items_total, keys.items_needed, keys.is_formative,
        row_number() over (
            partition by
                waves.questionnaire, waves.wave, keys.item, keys.instrument, keys.scale
            order by keys.wave nulls last
        ) as place
    from waves
    inner join keys
        on
            waves.questionnaire = keys.questionnaire
            and (keys.wave is null or waves.wave = keys.wave)
)

select
    questionnaire,
    wave,
    item,
    instrument,
    scale,
    key_item,
    wording,
    low,
    high,
    is_reversed,
    weight,
    items_total,
    items_needed,
    is_formative
from placed
where place = 1
order by questionnaire, wave, item, instrument, scale
