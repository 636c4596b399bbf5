-- one row per date on which a source that says who was employed was delivered
with sources as (
    select distinct _source from landed.employment
)

select distinct deliveries.delivered_on
from landed.deliveries
inner join sources on deliveries.source = sources._source
where deliveries.outcome = 'accepted'
order by deliveries.delivered_on
