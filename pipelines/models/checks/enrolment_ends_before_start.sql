-- warn
-- enrolments completed or closed before the arm was assigned
select person_no, programme
from staging.enrolment
where
    known_to = date '9999-12-31'
    and (completed_on < assigned_on or closed_on < assigned_on)
