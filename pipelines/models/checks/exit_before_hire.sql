-- warn
-- employment spells that end before they begin
select person_no, spell_no
from staging.employment_spell
where known_to = date '9999-12-31' and exited_on < hired_on
