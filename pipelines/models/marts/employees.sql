-- one row per person, as known last
with persons as (
    select person_no from staging.person
),

horizon as (
    select last_delivered_on from staging.horizon
),

current_spells as (
    select person_no, hired_on, exited_on, exit_kind
    from staging.employment_spell
    where known_to = date '9999-12-31'
),

-- An exit announced for after the last delivery has not happened.
spells as (
    select
        current_spells.person_no,
        current_spells.hired_on,
        case
            when current_spells.exited_on <= horizon.last_delivered_on
                then current_spells.exited_on
        end as exited_on,
        case
            when current_spells.exited_on <= horizon.last_delivered_on
                then current_spells.exit_kind
        end as exit_kind
    from current_spells
    cross join horizon
),

jobs as (
    select person_no, department, level, site, valid_from
    from staging.job_assignment
    where known_to = date '9999-12-31'
),

counted as (
    select person_no, min(hired_on) as first_hired_on, count(*) as spells
    from spells
    group by person_no
),

last_spells as (
    select
        person_no, hired_on, exited_on, exit_kind,
        row_number() over (partition by person_no order by hired_on desc) as place
    from spells
),

last_jobs as (
    select
        person_no, department, level, site,
        row_number() over (partition by person_no order by valid_from desc) as place
    from jobs
)

select
    persons.person_no,
    counted.first_hired_on,
    last_spells.hired_on,
    last_spells.exited_on,
    last_spells.exit_kind,
    cast(coalesce(counted.spells, 0) as integer) as spells,
    coalesce(counted.spells, 0) > 1 as prior_spell,
    last_jobs.department,
    last_jobs.level,
    last_jobs.site
from persons
left join counted on persons.person_no = counted.person_no
left join last_spells on persons.person_no = last_spells.person_no and last_spells.place = 1
left join last_jobs on persons.person_no = last_jobs.person_no and last_jobs.place = 1
order by persons.person_no
