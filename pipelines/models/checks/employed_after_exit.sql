-- warn
-- rows of employment with a status of active or on leave and an exit before their delivery
select _file, _row
from landed.employment
where status in ('active', 'leave') and cast(exited_on as date) <= _delivered_on
