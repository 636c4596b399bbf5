-- warn
-- rows of employment that name a kind or reason of exit but no day: no exit is counted for them
select _file, _row
from landed.employment
where
    exited_on is null
    and coalesce(status, 'terminated') <> 'leave'
    and (exit_kind is not null or exit_reason is not null)
