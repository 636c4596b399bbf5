-- one row per person and recorded draw
with draws as (
    select lottery, person_id, arm from landed.lottery_draws
),

people as (
    select person_no, person_key from staging.person
)

select
    draws.lottery,
    draws.person_id as person_key,
    people.person_no,
    draws.arm
from draws
left join people on draws.person_id = people.person_key
order by draws.lottery, draws.person_id
