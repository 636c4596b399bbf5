-- warn
-- exits whose reason stands in the mapping on a line that nobody has reviewed
with spells as (
    select person_no, spell_no, exited_on, lower(trim(exit_reason)) as exit_reason
    from staging.employment_spell
    where known_to = date '9999-12-31'
),

meanings as (
    select reason, valid_from, valid_to from landed.exit_reasons
    where reviewed_on is null
)

select spells.person_no, spells.spell_no
from spells
inner join meanings
    on
        spells.exit_reason = meanings.reason
        and spells.exited_on >= meanings.valid_from
        and spells.exited_on <= meanings.valid_to
