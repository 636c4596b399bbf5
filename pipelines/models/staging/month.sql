-- one row per calendar month from the first that anything observes to the last delivery
with recursive employment as (
    select hired_on, exited_on from landed.employment
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

-- A first day of long ago observes nothing: of those hired then, only who stayed is in the files.
observed as (
    select min(_delivered_on) as seen_on from deliveries
    union all
    select cast(min(exited_on) as date) as seen_on from employment
    union all
    select cast(min(period) as date) as seen_on from landed.performance
    union all
    select
        cast(min(least(eligible_on, invited_on, applied_on, assigned_on, matched_on)) as date)
            as seen_on
    from landed.enrolments
    union all
    select cast(min(matched_on) as date) as seen_on from landed.matches
    union all
    select cast(min(held_on) as date) as seen_on from landed.sessions
    union all
    select cast(min(answered_on) as date) as seen_on from landed.surveys
),

horizon as (
    select cast(date_trunc('month', max(_delivered_on)) as date) as last_month from deliveries
),

first_seen as (
    select min(seen_on) as seen_on from observed
),

first_hire as (
    select cast(min(hired_on) as date) as hired_on from employment
),

months as (
    select
        cast(date_trunc('month', greatest(first_hire.hired_on, first_seen.seen_on)) as date)
            as month
    from first_hire
    cross join first_seen
    where first_hire.hired_on is not null
    union all
    select cast(months.month + interval 1 month as date) as month
    from months
    inner join horizon on months.month < horizon.last_month
)

select
    month,
    cast(month + interval 1 month as date) as next_month
from months
order by month
