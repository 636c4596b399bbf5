-- warn
-- meetings of people who are not enrolled in the programme; they are in no funnel
with sessions as (
    select person_no, programme, held_on
    from staging.session
    where known_to = date '9999-12-31'
),

enrolments as (
    select distinct person_no, programme from staging.enrolment
)

select sessions.person_no, sessions.programme, sessions.held_on
from sessions
left join enrolments
    on
        sessions.person_no = enrolments.person_no
        and sessions.programme = enrolments.programme
where enrolments.person_no is null
