-- one row per person, job assignment and version of what was known of it
with assignments as (
    select
        person_no, department, level, site, manager_no, valid_from, valid_to,
        known_from, known_to
    from staging.job_assignment
)

select
    person_no,
    department,
    level,
    site,
    manager_no,
    valid_from,
    valid_to,
    known_from,
    known_to
from assignments
order by person_no, valid_from, known_from
