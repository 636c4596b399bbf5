-- warn
-- matches that end before they begin
select mentee_no, mentor_no, programme, matched_on
from staging.match
where known_to = date '9999-12-31' and ended_on < matched_on
