-- warn
-- survey items that run against their scale in one wave and with it in the others; printed inverted
with keyed as (
    select distinct questionnaire, item from staging.scoring_key
),

-- Of items with a key survey_item_against_scale knows the direction in each wave.
answers as (
    select
        responses.person_no, responses.instrument, responses.wave, responses.item,
        responses.value,
        regexp_extract(responses.item, '^(.*?)[ _-]?\d+$', 1) as scale
    from staging.survey_response as responses
    left join keyed
        on
            responses.instrument = keyed.questionnaire
            and responses.item = keyed.item
    where
        responses.known_to = date '9999-12-31'
        and responses.value is not null
        and keyed.item is null
),

pairs as (
    select
        one.instrument, one.wave, one.item, other.item as other_item,
        corr(one.value, other.value) as correlation
    from answers as one
    inner join answers as other
        on
            one.person_no = other.person_no
            and one.instrument = other.instrument
            and one.wave = other.wave
            and one.scale = other.scale
            and one.item <> other.item
    where one.scale <> ''
    group by one.instrument, one.wave, one.item, other.item
    -- Correlations of fewer people may change their sign by chance.
    having count(*) >= 100 and corr(one.value, other.value) is not null
),

compared as (
    select
        instrument, wave, item, correlation,
        sum(correlation) over same_pair - correlation as elsewhere
    from pairs
    window same_pair as (partition by instrument, item, other_item)
)

select instrument, wave, item
from compared
group by instrument, wave, item
having count(*) > 1 and sum(correlation * elsewhere) < 0
