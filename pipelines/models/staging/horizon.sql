-- one row per warehouse that anything was delivered to: the date of the last delivery
select max(delivered_on) as last_delivered_on
from landed.deliveries
where outcome = 'accepted'
having count(*) > 0
