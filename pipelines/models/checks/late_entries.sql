-- warn
-- exits first told after a delivery that should have told them: recent months will get worse yet
with exits as (
    select
        person_no, spell_no, exited_on, known_from,
        lag(exited_on) over (partition by person_no, spell_no order by known_from) as exit_before,
        row_number() over (partition by person_no, spell_no order by known_from) as version_no
    from staging.employment_spell
    where not exit_inferred
),

deliveries as (
    select distinct _delivered_on as delivered_on from landed.employment
),

-- Only exits of people who were known as employed before can be late.
first_told as (
    select person_no, spell_no, exited_on, known_from
    from exits
    where exited_on is not null and exit_before is null and version_no > 1
),

late as (
    select distinct first_told.person_no, first_told.spell_no
    from first_told
    inner join deliveries
        on
            first_told.exited_on <= deliveries.delivered_on
            and first_told.known_from > deliveries.delivered_on
),

counted as (
    select
        (select count(*) from late) as late_exits,
        (select count(*) from first_told) as all_exits
)

select late.person_no, late.spell_no
from late
inner join counted on counted.late_exits * 10 > counted.all_exits
order by late.person_no, late.spell_no
