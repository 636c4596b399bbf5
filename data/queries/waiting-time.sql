-- How long do people wait from their application to a mentor, in days?
-- Only those who were matched; empty where fewer than 10 applied in the quarter and were.
select
    programme,
    date_trunc('quarter', applied_on)::date as applied_in,
    case when count(*) >= 10 then (5 * round(count(*) / 5))::integer end as matched,
    case when count(*) >= 10 then round(median(matched_on - applied_on)) end as median_days
from marts.programme_funnel
where known_to = date '9999-12-31' and matched_on >= applied_on
group by programme, date_trunc('quarter', applied_on)
order by programme, applied_in
