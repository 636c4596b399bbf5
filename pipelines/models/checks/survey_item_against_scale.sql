-- warn
-- scored survey items that run against the rest of their scale; a reversal was forgotten
-- names item
with answers as (
    select
        responses.person_no,
        keys.questionnaire,
        keys.wave,
        keys.item,
        keys.scale,
        case
            when keys.is_reversed then keys.low + keys.high - responses.value
            else responses.value
        end as value
    from staging.survey_response as responses
    inner join staging.scoring_key as keys
        on
            responses.instrument = keys.questionnaire
            and responses.wave = keys.wave
            and responses.item = keys.item
    where
        responses.known_to = date '9999-12-31'
        and responses.value between keys.low and keys.high
        and not keys.is_formative
),

rests as (
    select
        questionnaire, wave, item, scale, value,
        sum(value) over same_scale - value as rest,
        count(*) over same_scale as answered
    from answers
    window same_scale as (partition by person_no, questionnaire, wave, scale)
),

-- Rests of different length are not comparable: people who answered the whole scale count.
complete as (
    select
        questionnaire, wave, item, scale, value, rest, answered,
        max(answered) over (partition by questionnaire, wave, scale) as items
    from rests
)

select questionnaire, wave, item
from complete
where answered = items and items > 1
group by questionnaire, wave, item, scale
-- Correlations of fewer people may change their sign by chance.
having count(*) >= 100 and corr(value, rest) < 0
