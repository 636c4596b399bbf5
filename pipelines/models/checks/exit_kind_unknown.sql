-- warn
-- exits of unknown kind; they are no resignations and no retirements either
select spells.person_no, spells.spell_no
from staging.employment_spell as spells
inner join staging.horizon as horizon on spells.exited_on <= horizon.last_delivered_on
where
    spells.known_to = date '9999-12-31'
    and spells.exit_kind = 'unknown'
    and not spells.exit_inferred
