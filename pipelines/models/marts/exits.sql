-- one row per employment spell that has ended, as known last
with spells as (
    select
        person_no, spell_no, hired_on, exited_on, exit_kind, regretted, known_to
    from staging.employment_spell
)

select
    person_no,
    spell_no,
    hired_on,
    exited_on,
    exit_kind,
    regretted,
    cast(
        date_diff('month', date_trunc('month', hired_on), date_trunc('month', exited_on)) as integer
    ) as tenure_months
from spells
where exited_on is not null and known_to = date '9999-12-31'
order by person_no, spell_no
