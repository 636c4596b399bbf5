-- warn
-- performance values more than a thousand times the middle value of their metric; a unit or a typo
with results as (
    select person_no, metric, month, abs(value) as size
    from staging.performance_result
    where known_to = date '9999-12-31'
),

middles as (
    select metric, median(size) as middle
    from results
    group by metric
)

select results.person_no, results.metric, results.month
from results
inner join middles on results.metric = middles.metric
where middles.middle > 0 and results.size > 1000 * middles.middle
