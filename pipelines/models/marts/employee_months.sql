-- one row per person and month employed, as known last
with months as (
    select month, next_month from staging.month
),

horizon as (
    select last_delivered_on from staging.horizon
),

spells as (
    select
        person_no, hired_on, exited_on, exit_kind,
        row_number() over (partition by person_no order by hired_on) > 1 as prior_spell
    from staging.employment_spell
    where known_to = date '9999-12-31'
),

jobs as (
    select person_no, department, level, site, valid_from, valid_to
    from staging.job_assignment
    where known_to = date '9999-12-31'
),

held as (
    select person_no, held_on
    from staging.session
    where known_to = date '9999-12-31' and coalesce(status, 'confirmed') <> 'scheduled'
),

results as (
    select person_no, month
    from staging.performance_result
    where known_to = date '9999-12-31'
),

counted as (
    select
        spells.person_no,
        months.month,
        spells.hired_on,
        spells.prior_spell,
        case
            when
                spells.exited_on < months.next_month
                and spells.exited_on <= horizon.last_delivered_on
                then spells.exit_kind
        end as exit_kind,
        0 as metrics_recorded
    from spells
    cross join horizon
    inner join months
        on
            spells.hired_on < months.next_month
            and (spells.exited_on is null or spells.exited_on >= months.month)
    union all
    select
        person_no,
        month,
        cast(null as date) as hired_on,
        cast(null as boolean) as prior_spell,
        cast(null as varchar) as exit_kind,
        1 as metrics_recorded
    from results
),

-- Exit and rehire in one month make one row: tenure of the later spell, exit of the earlier. A
-- month with results alone is none of employment.
person_months as (
    select
        person_no,
        month,
        cast(month + interval 1 month as date) as next_month,
        max(hired_on) as hired_on,
        bool_or(prior_spell) as prior_spell,
        max(exit_kind) as exit_kind,
        sum(metrics_recorded) as metrics_recorded
    from counted
    group by person_no, month
    having count(hired_on) > 0
),

first_meetings as (
    select person_no, min(held_on) as first_met_on from held
    group by person_no
)

select
    person_months.person_no,
    person_months.month,
    cast(
        date_diff('month', date_trunc('month', person_months.hired_on), person_months.month)
        as integer
    ) as tenure_months,
    jobs.department,
    jobs.level,
    jobs.site,
    coalesce(first_meetings.first_met_on < person_months.next_month, false) as mentored,
    cast(person_months.metrics_recorded as integer) as metrics_recorded,
    person_months.prior_spell,
    person_months.exit_kind
from person_months
left join jobs
    on
        person_months.person_no = jobs.person_no
        and person_months.next_month > jobs.valid_from
        and person_months.next_month <= jobs.valid_to
left join first_meetings on person_months.person_no = first_meetings.person_no
order by person_months.person_no, person_months.month
