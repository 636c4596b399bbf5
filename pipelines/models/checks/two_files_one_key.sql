-- warn
-- enrolments delivered by two files on one date with differing arms; the file landed last counts
select person_id, programme, _delivered_on
from landed.enrolments
group by person_id, programme, _delivered_on
having count(distinct arm) > 1
