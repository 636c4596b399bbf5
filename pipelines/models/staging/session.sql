-- one row per meeting of a mentored person and version of what was known of it
with sessions as (
    select
        person_id, programme, held_on, minutes, status, acted_on_advice, _file, _delivered_on, _seq
    from landed.sessions
),

persons as (
    select person_no, person_key from staging.person
),

-- Several meetings on one day are told apart by their order within the file.
counted as (
    select
        persons.person_no,
        sessions.programme,
        cast(sessions.held_on as date) as held_on,
        row_number() over (
            partition by
                persons.person_no, sessions.programme, sessions.held_on, sessions._file
            order by sessions._seq
        ) as meeting_no,
        cast(sessions.minutes as double) as minutes,
        sessions.status,
        sessions.acted_on_advice = 'yes' as acted_on_advice,
        concat_ws(
            chr(31),
            coalesce(sessions.minutes, chr(30)),
            coalesce(sessions.status, chr(30)),
            coalesce(sessions.acted_on_advice, chr(30))
        ) as content,
        sessions._delivered_on as known_from,
        sessions._seq
    from sessions
    inner join persons on sessions.person_id = persons.person_key
),

delivered as (
    select
        person_no, programme, held_on, meeting_no, minutes, status, acted_on_advice, content,
        known_from,
        row_number() over (
            partition by person_no, programme, held_on, meeting_no, known_from
            order by _seq desc
        ) as place
    from counted
),

compared as (
    select
        person_no, programme, held_on, meeting_no, minutes, status, acted_on_advice, content,
        known_from,
        lag(content) over (
            partition by person_no, programme, held_on, meeting_no order by known_from
        ) as content_before
    from delivered
    where place = 1
),

versions as (
    select
        person_no, programme, held_on, meeting_no, minutes, status, acted_on_advice, known_from,
        lead(known_from) over (
            partition by person_no, programme, held_on, meeting_no order by known_from
        ) as superseded
    from compared
    where content_before is null or content <> content_before
)

select
    person_no,
    programme,
    held_on,
    cast(meeting_no as integer) as meeting_no,
    minutes,
    status,
    acted_on_advice,
    known_from,
    coalesce(superseded, date '9999-12-31') as known_to
from versions
order by person_no, programme, held_on, meeting_no, known_from
