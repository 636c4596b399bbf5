-- warn
-- metrics with at least 20 values that are all the same; nothing can be learned from them
select metric
from staging.performance_result
where known_to = date '9999-12-31'
group by metric
having count(*) >= 20 and min(value) = max(value)
