-- one row per person, job assignment and version of what was known of it, its end included
with versions as (
    select
        person_no, valid_from, department, level, site, manager_no, known_from, known_to
    from staging.job_version
),

-- An assignment ends where the next begins, so its end changes when another becomes known.
learnt as (
    select distinct person_no, known_from as known_at from versions
),

timelines as (
    select
        versions.person_no,
        versions.valid_from,
        versions.department,
        versions.level,
        versions.site,
        versions.manager_no,
        versions.known_from as content_from,
        lead(versions.valid_from) over (
            partition by versions.person_no, learnt.known_at order by versions.valid_from
        ) as next_from,
        learnt.known_at
    from versions
    inner join learnt
        on
            versions.person_no = learnt.person_no
            and versions.known_from <= learnt.known_at
            and versions.known_to > learnt.known_at
),

ended as (
    select
        person_no, valid_from, department, level, site, manager_no, content_from, known_at,
        coalesce(next_from, date '9999-12-31') as valid_to
    from timelines
),

compared as (
    select
        person_no, valid_from, department, level, site, manager_no, content_from, known_at,
        valid_to,
        lag(valid_to) over (partition by person_no, valid_from order by known_at) as end_before
    from ended
),

changes as (
    select
        person_no, valid_from, department, level, site, manager_no, known_at, valid_to,
        lead(known_at) over (partition by person_no, valid_from order by known_at) as superseded
    from compared
    where known_at = content_from or valid_to <> end_before
)

select
    person_no,
    department,
    level,
    site,
    manager_no,
    valid_from,
    valid_to,
    known_at as known_from,
    coalesce(superseded, date '9999-12-31') as known_to
from changes
order by person_no, valid_from, known_from
