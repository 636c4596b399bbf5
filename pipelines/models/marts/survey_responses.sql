-- one row per person, instrument, wave, item and version of the answer
with responses as (
    select
        person_no, instrument, wave, item, value, answered_on, status, suppressed, known_from,
        known_to
    from staging.survey_response
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
    known_to
from responses
order by person_no, instrument, wave, item, known_from
