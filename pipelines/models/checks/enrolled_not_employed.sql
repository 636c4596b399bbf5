-- warn
-- people enrolled in a programme whom the employment files do not know
with enrolments as (
    select distinct person_no from staging.enrolment
),

loaded as (
    select count(*) as spells from staging.employment_spell
),

employed as (
    select distinct person_no from staging.employment_spell
)

select enrolments.person_no
from enrolments
left join employed on enrolments.person_no = employed.person_no
cross join loaded
where employed.person_no is null and loaded.spells > 0
