-- fail
-- job assignments that end before they begin
select person_no, valid_from
from staging.job_assignment
where valid_to <= valid_from
