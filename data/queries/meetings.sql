-- How often do pairs meet?
-- Pairs by programme, rounded to 5; empty where fewer than 10 mentees are behind a row.
select
    programme,
    case
        when meetings = 0 then '0'
        when meetings <= 2 then '1-2'
        when meetings <= 5 then '3-5'
        when meetings <= 10 then '6-10'
        else 'more than 10'
    end as meetings_held,
    case
        when count(distinct mentee_no) >= 10 then (5 * round(count(*) / 5))::integer
    end as pairs
from marts.mentorships
group by all
order by programme, min(meetings)
