-- How many people came how far in each programme?
-- Rounded to 5; a step that fewer than 10 people reached, or that fewer than 10 of the step
-- before did not reach, is empty, so that nobody can be told from a difference.
with people as (
    select
        programme,
        count(distinct person_no) as recorded,
        count(distinct person_no) filter (where applied_on is not null) as applied,
        count(distinct person_no) filter (where assigned_on is not null) as assigned,
        count(distinct person_no) filter (where matched_on is not null) as matched,
        count(distinct person_no) filter (where first_met_on is not null) as met,
        count(distinct person_no) filter (where completed_on is not null) as completed
    from marts.programme_funnel
    where known_to = date '9999-12-31'
    group by programme
),

steps as (
    select
        programme,
        unnest([1, 2, 3, 4, 5, 6]) as step,
        unnest(['recorded', 'applied', 'assigned', 'matched', 'met', 'completed']) as reached,
        unnest([recorded, applied, assigned, matched, met, completed]) as people,
        recorded
    from people
)

select
    programme,
    step,
    reached,
    case
        when people >= 10 and (people = recorded or recorded - people >= 10)
            then (5 * round(people / 5))::integer
    end as people
from steps
where people > 0
order by programme, step
