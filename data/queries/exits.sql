-- Who left in which quarter, by kind of exit?
-- People, rounded to 5; empty where fewer than 10 left so.
select
    date_trunc('quarter', exited_on)::date as quarter,
    exit_kind,
    case
        when count(distinct person_no) >= 10
            then (5 * round(count(distinct person_no) / 5))::integer
    end as people
from marts.exits
group by all
order by quarter, exit_kind
