-- one row per person, employment spell and version of what was known of it
with spells as (
    select
        person_no, spell_no, hired_on, exited_on, notice_on, exit_kind, regretted,
        exit_inferred, transfers, known_from, known_to
    from staging.employment_spell
)

select
    person_no,
    spell_no,
    hired_on,
    exited_on,
    notice_on,
    exit_kind,
    regretted,
    exit_inferred,
    transfers,
    known_from,
    known_to
from spells
order by person_no, spell_no, known_from
