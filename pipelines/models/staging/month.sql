-- one row per calendar month from the first hire to the last delivery
with recursive employment as (
    select hired_on from landed.employment
),

deliveries as (
    select _delivered_on from landed.people
    union all
    select _delivered_on from landed.employment
    union all
    select _delivered_on from landed.jobs
    union all
    select _delivered_on from landed.performance
    union all
    select _delivered_on from landed.enrolments
    union all
    select _delivered_on from landed.matches
    union all
    select _delivered_on from landed.sessions
    union all
    select _delivered_on from landed.surveys
),

horizon as (
    select cast(date_trunc('month', max(_delivered_on)) as date) as last_month from deliveries
),

months as (
    select cast(date_trunc('month', min(cast(hired_on as date))) as date) as month
    from employment
    union all
    select cast(months.month + interval 1 month as date) as month
    from months
    inner join horizon on months.month < horizon.last_month
)

select
    month,
    cast(month + interval 1 month as date) as next_month
from months
where month is not null
order by month
