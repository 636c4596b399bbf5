-- one row per person, instrument, wave, item and version of the answer
with surveys as (
    select
        person_id, instrument, wave, item, value, answered_on, status, suppressed,
        _delivered_on, _seq
    from landed.surveys
),

persons as (
    select person_no, person_key from staging.person
),

delivered as (
    select
        persons.person_no,
        surveys.instrument,
        surveys.wave,
        surveys.item,
        cast(surveys.value as double) as value,
        cast(surveys.answered_on as date) as answered_on,
        surveys.status,
        coalesce(surveys.suppressed = 'yes', false) as suppressed,
        concat_ws(
            chr(31),
            coalesce(surveys.value, chr(30)),
            coalesce(surveys.answered_on, chr(30)),
            coalesce(surveys.status, chr(30)),
            coalesce(surveys.suppressed, 'no')
        ) as content,
        surveys._delivered_on as known_from,
        row_number() over (
            partition by
                persons.person_no, surveys.instrument, surveys.wave, surveys.item,
                surveys._delivered_on
            order by surveys._seq desc
        ) as place
    from surveys
    inner join persons on surveys.person_id = persons.person_key
),

compared as (
    select
        person_no, instrument, wave, item, value, answered_on, status, suppressed, content,
        known_from,
        lag(content) over (
            partition by person_no, instrument, wave, item order by known_from
        ) as content_before
    from delivered
    where place = 1
),

versions as (
    select
        person_no, instrument, wave, item, value, answered_on, status, suppressed, known_from,
        lead(known_from) over (
            partition by person_no, instrument, wave, item order by known_from
        ) as superseded_on
    from compared
    where content_before is null or content <> content_before
)

select
    person_no,
    instrument,
    wave,
    item,
    value,
    answered_on,
    status,
    suppressed,
    known_from,
    coalesce(superseded_on, date '9999-12-31') as known_to
from versions
order by person_no, instrument, wave, item, known_from
