-- What share of each department leaves by its own choice in a year?
-- Exits per hundred years of employment; empty where fewer than 10 people left or stayed.
with years as (
    select
        date_part('year', month) as year,
        department,
        count(*) / 12 as person_years,
        count(distinct person_no) as people,
        count(distinct person_no) filter (where exit_kind = 'voluntary') as leavers
    from marts.employee_months
    group by all
)

select
    year,
    department,
    case when people >= 10 then (5 * round(people / 5))::integer end as people,
    case
        when leavers >= 10 and people - leavers >= 10
            then round(100 * leavers / person_years, 1)
    end as exits_per_100_years
from years
order by year, department
