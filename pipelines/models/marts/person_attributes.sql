-- one row per person, attribute and version of its value
with attributes as (
    select person_no, attribute, value, known_from, known_to from staging.person_attribute
)

select
    person_no,
    attribute,
    value,
    known_from,
    known_to
from attributes
order by person_no, attribute, known_from
