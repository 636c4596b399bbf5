-- warn
-- matches in which mentor and mentee are the same person
select mentee_no, programme, matched_on
from staging.match
where known_to = date '9999-12-31' and mentee_no = mentor_no
