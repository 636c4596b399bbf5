-- warn
-- meetings held before the person was first hired
with sessions as (
    select person_no, programme, held_on
    from staging.session
    where known_to = date '9999-12-31'
),

first_hires as (
    select person_no, min(hired_on) as hired_on
    from staging.employment_spell
    where known_to = date '9999-12-31'
    group by person_no
)

select sessions.person_no, sessions.programme, sessions.held_on
from sessions
inner join first_hires
    on
        sessions.person_no = first_hires.person_no
        and sessions.held_on < first_hires.hired_on
