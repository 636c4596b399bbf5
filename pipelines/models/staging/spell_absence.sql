-- one row per person, spell, source and full delivery that lacks it while the one before held it
with employment as (
    select person_id, hired_on, _source, _delivered_on from landed.employment
),

quarantine as (
    select person_id, table_name, _source, _delivered_on from landed.quarantine
),

deliveries as (
    select source, delivered_on, contents, outcome from landed.deliveries
),

full_dates as (
    select distinct source, delivered_on from deliveries
    where contents = 'full' and outcome = 'accepted'
),

-- Files of one source and date are one delivery, as where each country sends its own.
full_deliveries as (
    select
        source,
        delivered_on,
        lead(delivered_on) over (partition by source order by delivered_on) as next_on
    from full_dates
),

spells as (
    select distinct employment.person_id, employment.hired_on, employment._source as source
    from employment
    inner join full_dates on employment._source = full_dates.source
),

-- A row that could not be loaded still says that the person was there.
held as (
    select
        employment.person_id, employment.hired_on, full_deliveries.source,
        full_deliveries.delivered_on, full_deliveries.next_on
    from employment
    inner join full_deliveries
        on
            employment._source = full_deliveries.source
            and employment._delivered_on = full_deliveries.delivered_on
    union
    select
        spells.person_id, spells.hired_on, full_deliveries.source,
        full_deliveries.delivered_on, full_deliveries.next_on
    from quarantine
    inner join full_deliveries
        on
            quarantine._source = full_deliveries.source
            and quarantine._delivered_on = full_deliveries.delivered_on
    inner join spells
        on quarantine.person_id = spells.person_id and quarantine._source = spells.source
    where quarantine.table_name = 'employment'
),

followed as (
    select
        person_id, hired_on, source, delivered_on, next_on,
        lead(delivered_on) over (
            partition by person_id, hired_on, source order by delivered_on
        ) as held_next_on
    from held
),

absences as (
    select
        person_id, hired_on, source,
        delivered_on as last_held_on,
        next_on as missing_on
    from followed
    where next_on is not null and (held_next_on is null or held_next_on <> next_on)
),

-- The same person under another first day, which the delivery before did not have and which it
-- should have had: the first day was corrected.
corrected as (
    select distinct absences.person_id, absences.hired_on, absences.source, absences.missing_on
    from absences
    inner join held as after
        on
            absences.person_id = after.person_id
            and absences.source = after.source
            and absences.missing_on = after.delivered_on
            and absences.hired_on <> after.hired_on
            and absences.last_held_on >= cast(after.hired_on as date)
    left join held as before
        on
            after.person_id = before.person_id
            and after.hired_on = before.hired_on
            and after.source = before.source
            and absences.last_held_on = before.delivered_on
    where before.person_id is null
)

select
    absences.person_id as person_key,
    cast(absences.hired_on as date) as hired_on,
    absences.source,
    absences.last_held_on,
    absences.missing_on,
    corrected.person_id is not null as hire_corrected
from absences
left join corrected
    on
        absences.person_id = corrected.person_id
        and absences.hired_on = corrected.hired_on
        and absences.source = corrected.source
        and absences.missing_on = corrected.missing_on
order by absences.person_id, absences.hired_on, absences.source, absences.missing_on
