-- How many mentees has a mentor had?
-- Mentors, rounded to 5; empty where fewer than 10 mentors have had so many.
with load as (
    select
        programme,
        mentor_no,
        count(distinct mentee_no) as mentees
    from marts.mentorships
    group by programme, mentor_no
)

select
    programme,
    mentees,
    case when count(*) >= 10 then (5 * round(count(*) / 5))::integer end as mentors
from load
group by programme, mentees
order by programme, mentees
