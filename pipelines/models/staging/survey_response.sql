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
        surveys.value,
        surveys.answered_on,
        surveys.status,
        surveys.suppressed,
        surveys._delivered_on as known_from,
        surveys._seq as seq
    from surveys
    inner join persons on surveys.person_id = persons.person_key
),

neighbours as (
    select
        person_no, instrument, wave, item, value, answered_on, status, suppressed, known_from,
        lag(known_from) over answer as from_before,
        lead(known_from) over answer as from_after
    from delivered
    window answer as (partition by person_no, instrument, wave, item order by known_from, seq)
),

-- Most answers are delivered once; only the others are compared with one another.
once as (
    select person_no, instrument, wave, item, value, answered_on, status, suppressed, known_from
    from neighbours
    where from_before is null and from_after is null
),

-- Of several rows in one delivery the last counts.
again as (
    select
        person_no, instrument, wave, item, value, answered_on, status, suppressed, known_from,
        concat_ws(
            chr(31),
            coalesce(value, chr(30)),
            coalesce(answered_on, chr(30)),
            coalesce(status, chr(30)),
            coalesce(suppressed, 'no')
        ) as content
    from neighbours
    where
        (from_before is not null or from_after is not null)
        and from_after is distinct from known_from
),

compared as (
    select
        person_no, instrument, wave, item, value, answered_on, status, suppressed, content,
        known_from,
        lag(content) over (
            partition by person_no, instrument, wave, item order by known_from
        ) as content_before
    from again
),

versions as (
    select
        person_no, instrument, wave, item, value, answered_on, status, suppressed, known_from,
        lead(known_from) over (
            partition by person_no, instrument, wave, item order by known_from
        ) as superseded_on
    from compared
    where content_before is null or content <> content_before
    union all
    select
        person_no, instrument, wave, item, value, answered_on, status, suppressed, known_from,
        cast(null as date) as superseded_on
    from once
)

select
    person_no,
    instrument,
    wave,
    item,
    cast(value as double) as value,
    cast(answered_on as date) as answered_on,
    status,
    coalesce(suppressed = 'yes', false) as suppressed,
    known_from,
    coalesce(superseded_on, date '9999-12-31') as known_to
from versions
order by person_no, instrument, wave, item, known_from
