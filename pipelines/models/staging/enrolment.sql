-- one row per person, programme and version of what was known of the path through it
with enrolments as (
    select
        person_id, programme, eligible_on, invited_on, applied_on, assigned_on, arm, stratum,
        matched_on, completed_on, closed_on, took_up, _delivered_on, _seq
    from landed.enrolments
),

persons as (
    select person_no, person_key from staging.person
),

delivered as (
    select
        persons.person_no,
        enrolments.programme,
        cast(enrolments.eligible_on as date) as eligible_on,
        cast(enrolments.invited_on as date) as invited_on,
        cast(enrolments.applied_on as date) as applied_on,
        cast(enrolments.assigned_on as date) as assigned_on,
        enrolments.arm,
        enrolments.stratum,
        cast(enrolments.matched_on as date) as matched_on,
        cast(enrolments.completed_on as date) as completed_on,
        cast(enrolments.closed_on as date) as closed_on,
        enrolments.took_up = 'yes' as took_up,
        concat_ws(
            chr(31),
            coalesce(enrolments.eligible_on, chr(30)),
            coalesce(enrolments.invited_on, chr(30)),
            coalesce(enrolments.applied_on, chr(30)),
            coalesce(enrolments.assigned_on, chr(30)),
            coalesce(enrolments.arm, chr(30)),
            coalesce(enrolments.stratum, chr(30)),
            coalesce(enrolments.matched_on, chr(30)),
            coalesce(enrolments.completed_on, chr(30)),
            coalesce(enrolments.closed_on, chr(30)),
            coalesce(enrolments.took_up, chr(30))
        ) as content,
        enrolments._delivered_on as known_from,
        row_number() over (
            partition by persons.person_no, enrolments.programme, enrolments._delivered_on
            order by enrolments._seq desc
        ) as place
    from enrolments
    inner join persons on enrolments.person_id = persons.person_key
),

compared as (
    select
        person_no, programme, eligible_on, invited_on, applied_on, assigned_on, arm, stratum,
        matched_on, completed_on, closed_on, took_up, content, known_from,
        lag(content) over (
            partition by person_no, programme order by known_from
        ) as content_before
    from delivered
    where place = 1
),

versions as (
    select
        person_no, programme, eligible_on, invited_on, applied_on, assigned_on, arm, stratum,
        matched_on, completed_on, closed_on, took_up, known_from,
        lead(known_from) over (partition by person_no, programme order by known_from) as superseded
    from compared
    where content_before is null or content <> content_before
)

select
    person_no,
    programme,
    eligible_on,
    invited_on,
    applied_on,
    assigned_on,
    arm,
    stratum,
    matched_on,
    completed_on,
    closed_on,
    took_up,
    known_from,
    coalesce(superseded, date '9999-12-31') as known_to
from versions
order by person_no, programme, known_from
