-- Which numbers are not shown, and why?
select
    study,
    status,
    reason,
    count(*) as estimates
from results.estimates
where status <> 'released'
group by study, status, reason
order by study, status, reason
