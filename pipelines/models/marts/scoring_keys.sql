-- one row per questionnaire, wave, delivered item and scale that it enters
with keys as (
    select
        questionnaire, wave, item, instrument, scale, key_item, wording, low, high,
        is_reversed, weight, items_total, items_needed, is_formative
    from staging.scoring_key
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
from keys
order by questionnaire, wave, item, instrument, scale
