-- one row per person, first day of an assignment and version of what was known of it
with jobs as (
    select
        person_id, valid_from, department, level, site, manager_id, _delivered_on, _seq
    from landed.jobs
),

persons as (
    select person_no, person_key from staging.person
),

delivered as (
    select
        persons.person_no,
        cast(jobs.valid_from as date) as valid_from,
        jobs.department,
        jobs.level,
        jobs.site,
        managers.person_no as manager_no,
        concat_ws(
            chr(31),
            coalesce(jobs.department, chr(30)),
            coalesce(jobs.level, chr(30)),
            coalesce(jobs.site, chr(30)),
            coalesce(jobs.manager_id, chr(30))
        ) as content,
        jobs._delivered_on as known_from,
        row_number() over (
            partition by persons.person_no, jobs.valid_from, jobs._delivered_on
            order by jobs._seq desc
        ) as place
    from jobs
    inner join persons on jobs.person_id = persons.person_key
    left join persons as managers on jobs.manager_id = managers.person_key
),

compared as (
    select
        person_no, valid_from, department, level, site, manager_no, content, known_from,
        lag(content) over (
            partition by person_no, valid_from order by known_from
        ) as content_before
    from delivered
    where place = 1
),

versions as (
    select
        person_no, valid_from, department, level, site, manager_no, known_from,
        lead(known_from) over (
            partition by person_no, valid_from order by known_from
        ) as superseded
    from compared
    where content_before is null or content <> content_before
)

select
    person_no,
    valid_from,
    department,
    level,
    site,
    manager_no,
    known_from,
    coalesce(superseded, date '9999-12-31') as known_to
from versions
order by person_no, valid_from, known_from
