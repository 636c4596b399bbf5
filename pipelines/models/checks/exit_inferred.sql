-- warn
-- exits whose day no file names; they are dated to the last delivery that still had the person
select spells.person_no, spells.spell_no
from staging.employment_spell as spells
where spells.known_to = date '9999-12-31' and spells.exit_inferred
