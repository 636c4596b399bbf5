-- warn
-- employment spells of one person that overlap
with spells as (
    select person_no, hired_on, valid_to
    from staging.employment_spell
    where known_to = date '9999-12-31'
)

select earlier.person_no, later.hired_on
from spells as earlier
inner join spells as later
    on
        earlier.person_no = later.person_no
        and earlier.hired_on < later.hired_on
        and earlier.valid_to > later.hired_on
