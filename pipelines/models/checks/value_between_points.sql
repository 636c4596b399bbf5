-- warn
-- performance values between two points of a scale; ninety-five in a hundred others are points
with results as (
    select person_no, metric, month, value, value <> round(value) as between_points
    from staging.performance_result
    where known_to = date '9999-12-31' and isfinite(value)
),

scales as (
    select metric
    from results
    group by metric
    having count(*) >= 20 and avg(cast(between_points as integer)) <= 0.05
)

select results.person_no, results.metric, results.month
from results
inner join scales on results.metric = scales.metric
where results.between_points
