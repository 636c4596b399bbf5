-- one row per person, instrument, scale, wave and version of the score
with keys as (
    select
        questionnaire, wave, item, instrument, scale, key_item, low, high, is_reversed,
        weight, items_total, items_needed
    from staging.scoring_key
),

linked as (
    select questionnaire, wave from staging.survey_wave
    where is_linked
),

responses as (
    select
        person_no, instrument as questionnaire, wave, item, value, answered_on,
        known_from, known_to
    from staging.survey_response
),

answers as (
    select
        responses.person_no,
        keys.instrument,
        keys.scale,
        responses.wave,
        keys.key_item,
        keys.weight,
        keys.items_total,
        keys.items_needed,
        responses.answered_on,
        responses.known_from,
        responses.known_to,
        case
            when not responses.value between keys.low and keys.high then null
            when keys.is_reversed then keys.low + keys.high - responses.value
            else responses.value
        end as value
    from responses
    inner join linked
        on
            responses.questionnaire = linked.questionnaire
            and responses.wave = linked.wave
    inner join keys
        on
            responses.questionnaire = keys.questionnaire
            and responses.wave = keys.wave
            and responses.item = keys.item
),

-- A score may change whenever one of its answers does.
moments as (
    select distinct person_no, instrument, scale, wave, known_from
    from answers
),

scored as (
    select
        moments.person_no,
        moments.instrument,
        moments.scale,
        moments.wave,
        moments.known_from,
        max(answers.answered_on) filter (where answers.value is not null) as answered_on,
        -- In a fixed order: sums of fractions depend on it in the last digit.
        case
            when count(answers.value) >= any_value(answers.items_needed)
                then
                    sum(answers.weight * answers.value order by answers.key_item)
                    / sum(answers.weight order by answers.key_item) filter (
                        where answers.value is not null
                    )
        end as score,
        count(answers.value) as items_answered,
        any_value(answers.items_total) as items_total
    from moments
    inner join answers
        on
            moments.person_no = answers.person_no
            and moments.instrument = answers.instrument
            and moments.scale = answers.scale
            and moments.wave = answers.wave
            and moments.known_from >= answers.known_from
            and moments.known_from < answers.known_to
    group by
        moments.person_no, moments.instrument, moments.scale, moments.wave,
        moments.known_from
),

compared as (
    select
        person_no, instrument, scale, wave, answered_on, score, items_answered,
        items_total, known_from,
        row(answered_on, score, items_answered) as content,
        lag(row(answered_on, score, items_answered)) over (
            partition by person_no, instrument, scale, wave order by known_from
        ) as content_before
    from scored
),

versions as (
    select
        person_no, instrument, scale, wave, answered_on, score, items_answered,
        items_total, known_from,
        lead(known_from) over (
            partition by person_no, instrument, scale, wave order by known_from
        ) as superseded_on
    from compared
    where content_before is null or content is distinct from content_before
)

select
    person_no,
    instrument,
    scale,
    wave,
    answered_on,
    score,
    cast(items_answered as integer) as items_answered,
    items_total,
    known_from,
    coalesce(superseded_on, date '9999-12-31') as known_to
from versions
order by person_no, instrument, scale, wave, known_from
