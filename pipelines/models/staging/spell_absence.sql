-- one row per person, spell, source and full delivery that lacks it while the one before held it
with employment as (
    select person_id, hired_on, _source, _delivered_on from landed.employment
),

quarantine as (
    select person_id, table_name, _source, _delivered_on from landed.quarantine
),

persons as (
    select person_no, person_key from staging.person
),

deliveries as (
    select source, delivered_on, contents, outcome from landed.deliveries
),

-- A row that names nobody may be anybody's: nobody is absent from a delivery that holds one.
nameless as (
    select distinct _source, _delivered_on from quarantine
    where table_name = 'employment' and person_id is null
),

-- Files of one source and date are one delivery, as where each country sends its own.
full_dates as (
    select distinct deliveries.source, deliveries.delivered_on
    from deliveries
    left join nameless
        on
            deliveries.source = nameless._source
            and deliveries.delivered_on = nameless._delivered_on
    where
        deliveries.contents = 'full'
        and deliveries.outcome = 'accepted'
        and nameless._source is null
),

full_deliveries as (
    select
        source,
        delivered_on,
        lead(delivered_on) over (partition by source order by delivered_on) as next_on
    from full_dates
),

listed as (
    select
        persons.person_no,
        cast(employment.hired_on as date) as hired_on,
        full_deliveries.source,
        full_deliveries.delivered_on,
        full_deliveries.next_on
    from employment
    inner join full_deliveries
        on
            employment._source = full_deliveries.source
            and employment._delivered_on = full_deliveries.delivered_on
    inner join persons on employment.person_id = persons.person_key
),

-- A row that could not be loaded still says that the person was there.
unreadable as (
    select
        persons.person_no, full_deliveries.source, full_deliveries.delivered_on,
        full_deliveries.next_on
    from quarantine
    inner join full_deliveries
        on
            quarantine._source = full_deliveries.source
            and quarantine._delivered_on = full_deliveries.delivered_on
    inner join persons on quarantine.person_id = persons.person_key
    where quarantine.table_name = 'employment'
),

-- It stands for the spells that deliveries up to then had.
spells_of_unreadable as (
    select distinct
        listed.person_no, listed.hired_on, unreadable.source, unreadable.delivered_on,
        unreadable.next_on
    from listed
    inner join unreadable
        on
            listed.person_no = unreadable.person_no
            and listed.source = unreadable.source
            and listed.delivered_on <= unreadable.delivered_on
),

held as (
    select person_no, hired_on, source, delivered_on, next_on from listed
    union all
    select person_no, hired_on, source, delivered_on, next_on from spells_of_unreadable
),

absences as (
    select distinct
        held.person_no, held.hired_on, held.source,
        held.delivered_on as last_held_on,
        held.next_on as missing_on
    from held
    left join held as later
        on
            held.person_no = later.person_no
            and held.hired_on = later.hired_on
            and held.source = later.source
            and held.next_on = later.delivered_on
    where held.next_on is not null and later.person_no is null
),

-- The same person under another first day, which the delivery before did not have and which it
-- should have had: the first day was corrected.
corrected as (
    select distinct absences.person_no, absences.hired_on, absences.source, absences.missing_on
    from absences
    inner join held as after
        on
            absences.person_no = after.person_no
            and absences.source = after.source
            and absences.missing_on = after.delivered_on
            and absences.hired_on <> after.hired_on
            and absences.last_held_on >= after.hired_on
    left join held as before
        on
            after.person_no = before.person_no
            and after.hired_on = before.hired_on
            and after.source = before.source
            and absences.last_held_on = before.delivered_on
    where before.person_no is null
)

select
    absences.person_no,
    absences.hired_on,
    absences.source,
    absences.last_held_on,
    absences.missing_on,
    corrected.person_no is not null as hire_corrected
from absences
left join corrected
    on
        absences.person_no = corrected.person_no
        and absences.hired_on = corrected.hired_on
        and absences.source = corrected.source
        and absences.missing_on = corrected.missing_on
order by absences.person_no, absences.hired_on, absences.source, absences.missing_on
