-- one row per employment spell that has ended by the last delivery, as known last
with spells as (
    select
        person_no, spell_no, hired_on, exited_on, exit_kind, regretted,
        exit_inferred, known_to
    from staging.employment_spell
),

horizon as (
    select last_delivered_on from staging.horizon
)

select
    spells.person_no,
    spells.spell_no,
    spells.hired_on,
    spells.exited_on,
    spells.exit_kind,
    spells.regretted,
    spells.exit_inferred,
    cast(
        date_diff(
            'month', date_trunc('month', spells.hired_on), date_trunc('month', spells.exited_on)
        ) as integer
    ) as tenure_months
from spells
inner join horizon on spells.exited_on <= horizon.last_delivered_on
where spells.known_to = date '9999-12-31'
order by spells.person_no, spells.spell_no
