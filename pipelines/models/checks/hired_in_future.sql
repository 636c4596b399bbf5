-- warn
-- employment spells that begin after the last delivery: nobody is employed in them yet
select spells.person_no, spells.spell_no
from staging.employment_spell as spells
inner join staging.horizon as horizon on spells.hired_on > horizon.last_delivered_on
where spells.known_to = date '9999-12-31'
