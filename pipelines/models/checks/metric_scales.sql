-- warn
-- metrics measured on more than one scale; their values are not comparable as they stand
select metric
from staging.performance_result
where known_to = date '9999-12-31'
group by metric
having count(distinct scale) > 1
