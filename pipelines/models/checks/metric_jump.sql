-- warn
-- metrics whose middle value is five times that of the month before, or a fifth: a unit or a scale
with middles as (
    select metric, month, median(abs(value)) as middle
    from staging.performance_result
    where known_to = date '9999-12-31'
    group by metric, month
    having count(*) >= 10
),

pairs as (
    select
        metric,
        middle,
        lag(middle) over (partition by metric order by month) as middle_before
    from middles
)

select distinct metric
from pairs
where middle_before > 0 and (middle >= 5 * middle_before or 5 * middle <= middle_before)
