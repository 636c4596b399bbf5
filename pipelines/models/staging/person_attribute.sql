-- one row per person, attribute and version of its value
with people as (
    select person_id, attributes, _delivered_on, _seq from landed.people
),

persons as (
    select person_no, person_key from staging.person
),

entries as (
    select
        person_id,
        _delivered_on,
        _seq,
        unnest(map_entries(cast(cast(attributes as json) as map (varchar, varchar)))) as entry
    from people
),

delivered as (
    select
        persons.person_no,
        entries.entry['key'] as attribute,
        entries.entry['value'] as value,
        entries._delivered_on as known_from,
        row_number() over (
            partition by persons.person_no, entries.entry['key'], entries._delivered_on
            order by entries._seq desc
        ) as place
    from entries
    inner join persons on entries.person_id = persons.person_key
),

compared as (
    select
        person_no,
        attribute,
        value,
        known_from,
        row_number() over (partition by person_no, attribute order by known_from) as delivery_no,
        lag(value) over (partition by person_no, attribute order by known_from) as value_before
    from delivered
    where place = 1
),

versions as (
    select
        person_no,
        attribute,
        value,
        known_from,
        lead(known_from) over (partition by person_no, attribute order by known_from) as superseded
    from compared
    where delivery_no = 1 or value is distinct from value_before
)

select
    person_no,
    attribute,
    value,
    known_from,
    coalesce(superseded, date '9999-12-31') as known_to
from versions
where value is not null
order by person_no, attribute, known_from
