-- How many of each department have had a mentor?
-- People employed at the last delivery, matched in any programme; rounded to 5. Empty where fewer
-- than 10 people have had one, or have not, so that nobody can be told from a difference.
with matched as (
    select distinct person_no
    from marts.programme_funnel
    where known_to = date '9999-12-31' and matched_on is not null
),

counted as (
    select
        e.department,
        count(*) as people,
        count(m.person_no) as mentored
    from marts.employees as e
    left join matched as m on e.person_no = m.person_no
    where e.hired_on is not null and e.exited_on is null
    group by e.department
)

select
    department,
    case when people >= 10 then (5 * round(people / 5))::integer end as people,
    case
        when mentored >= 10 and people - mentored >= 10
            then (5 * round(mentored / 5))::integer
    end as mentored,
    case
        when mentored >= 10 and people - mentored >= 10
            then round(100.0 * round(mentored / 5) / round(people / 5))
    end as per_cent
from counted
order by department
