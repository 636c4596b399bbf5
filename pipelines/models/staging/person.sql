-- one row per person, numbered in the order of first landing
with people as (
    select person_id, _delivered_on, _seq from landed.people
),

employment as (
    select person_id, _delivered_on, _seq from landed.employment
),

jobs as (
    select person_id, manager_id, _delivered_on, _seq from landed.jobs
),

performance as (
    select person_id, rater_id, _delivered_on, _seq from landed.performance
),

enrolments as (
    select person_id, _delivered_on, _seq from landed.enrolments
),

matches as (
    select mentee_id, mentor_id, _delivered_on, _seq from landed.matches
),

sessions as (
    select person_id, _delivered_on, _seq from landed.sessions
),

surveys as (
    select person_id, _delivered_on, _seq from landed.surveys
),

mentions as (
    select person_id as person_key, _delivered_on, _seq, 1 as place from people
    union all
    select person_id as person_key, _delivered_on, _seq, 1 as place from employment
    union all
    select person_id as person_key, _delivered_on, _seq, 1 as place from jobs
    union all
    select manager_id as person_key, _delivered_on, _seq, 2 as place from jobs
    union all
    select person_id as person_key, _delivered_on, _seq, 1 as place from performance
    union all
    select rater_id as person_key, _delivered_on, _seq, 2 as place from performance
    union all
    select person_id as person_key, _delivered_on, _seq, 1 as place from enrolments
    union all
    select mentee_id as person_key, _delivered_on, _seq, 1 as place from matches
    union all
    select mentor_id as person_key, _delivered_on, _seq, 2 as place from matches
    union all
    select person_id as person_key, _delivered_on, _seq, 1 as place from sessions
    union all
    select person_id as person_key, _delivered_on, _seq, 1 as place from surveys
),

first_mentions as (
    select
        person_key,
        min(_delivered_on) as known_from,
        min(2 * _seq + place) as first_mention
    from mentions
    where person_key is not null
    group by person_key
)

select
    cast(row_number() over (order by first_mention) as integer) as person_no,
    person_key,
    known_from
from first_mentions
order by person_no
