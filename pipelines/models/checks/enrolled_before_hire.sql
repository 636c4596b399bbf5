-- warn
-- enrolments assigned before the person was first hired
with enrolments as (
    select person_no, programme, assigned_on
    from staging.enrolment
    where known_to = date '9999-12-31'
),

first_hires as (
    select person_no, min(hired_on) as hired_on
    from staging.employment_spell
    where known_to = date '9999-12-31'
    group by person_no
)

select enrolments.person_no, enrolments.programme
from enrolments
inner join first_hires
    on
        enrolments.person_no = first_hires.person_no
        and enrolments.assigned_on < first_hires.hired_on
