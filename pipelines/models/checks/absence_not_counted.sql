-- warn
-- full deliveries with a row that names nobody: who is absent from them may be in that row
with quarantine as (
    select _source, _delivered_on, table_name, person_id, corrected_by from landed.quarantine
),

deliveries as (
    select source, delivered_on, contents, outcome from landed.deliveries
)

select distinct deliveries.source, deliveries.delivered_on
from deliveries
inner join quarantine
    on deliveries.source = quarantine._source and deliveries.delivered_on = quarantine._delivered_on
where
    deliveries.contents = 'full'
    and deliveries.outcome = 'accepted'
    and quarantine.table_name = 'employment'
    and quarantine.person_id is null
    and quarantine.corrected_by is null
