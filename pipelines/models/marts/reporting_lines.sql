-- one row per person and job assignment that names a manager, as known last
with recursive
links as (
    select person_no, manager_no, valid_from, valid_to
    from staging.job_assignment
    where known_to = date '9999-12-31' and manager_no is not null
),

managers as (
    select distinct manager_no from links
),

-- Only somebody who manages others can be part of a circle.
between_managers as (
    select links.person_no, links.manager_no, links.valid_from, links.valid_to
    from links
    inner join managers on links.person_no = managers.manager_no
),

-- Upwards from each manager, over links in force on one day, until the line ends or comes back.
walks as (
    select
        person_no as origin,
        manager_no as reached,
        valid_from,
        valid_to,
        [person_no] as passed
    from between_managers
    union all
    select
        walks.origin,
        above.manager_no as reached,
        greatest(walks.valid_from, above.valid_from) as valid_from,
        least(walks.valid_to, above.valid_to) as valid_to,
        list_append(walks.passed, walks.reached) as passed
    from walks
    inner join between_managers as above
        on
            walks.reached = above.person_no
            and walks.valid_from < above.valid_to
            and walks.valid_to > above.valid_from
    where not list_contains(walks.passed, walks.reached)
),

circles as (
    select distinct origin, valid_from, valid_to
    from walks
    where reached = origin
),

marked as (
    select
        links.person_no,
        links.manager_no,
        links.valid_from,
        links.valid_to,
        count(circles.origin) > 0 as in_circle
    from links
    left join circles
        on
            links.person_no = circles.origin
            and links.valid_from < circles.valid_to
            and links.valid_to > circles.valid_from
    group by links.person_no, links.manager_no, links.valid_from, links.valid_to
)

select
    person_no,
    case when not in_circle then manager_no end as manager_no,
    in_circle,
    valid_from,
    valid_to
from marked
order by person_no, valid_from
