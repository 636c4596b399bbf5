-- warn
-- job assignments that end after the next one has begun; they end there
with jobs as (
    select
        person_id, valid_from, cast(valid_to as date) as valid_to,
        lead(cast(valid_from as date)) over (
            partition by person_id, _source, _delivered_on order by valid_from, _seq
        ) as next_from
    from landed.jobs
)

select distinct person_id, valid_from
from jobs
where valid_to > next_from
