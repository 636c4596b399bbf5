-- one row per person, metric, month and version of the value
with results as (
    select
        person_no, metric, month, value, scale, rater_no, known_from, known_to
    from staging.performance_result
)

select
    person_no,
    metric,
    month,
    value,
    scale,
    rater_no,
    known_from,
    known_to
from results
order by person_no, metric, month, known_from
