-- one row per mentor and mentee brought together, as known last
with matches as (
    select
        mentee_no, mentor_no, programme, matched_on, ended_on, kind, goal_set_on, reason_recorded,
        known_to
    from staging.match
),

sessions as (
    select person_no, programme, held_on, status, known_to from staging.session
),

latest as (
    select
        mentee_no, mentor_no, programme, matched_on, ended_on, kind, goal_set_on, reason_recorded
    from matches
    where known_to = date '9999-12-31'
),

held as (
    select person_no, programme, held_on
    from sessions
    where known_to = date '9999-12-31' and coalesce(status, 'confirmed') <> 'scheduled'
)

select
    latest.mentee_no,
    latest.mentor_no,
    latest.programme,
    latest.matched_on,
    latest.ended_on,
    latest.kind,
    latest.goal_set_on,
    latest.reason_recorded,
    cast(count(held.held_on) as integer) as meetings
from latest
left join held
    on
        latest.mentee_no = held.person_no
        and latest.programme = held.programme
        and latest.matched_on <= held.held_on
        and (latest.ended_on is null or latest.ended_on >= held.held_on)
group by
    latest.mentee_no, latest.mentor_no, latest.programme, latest.matched_on, latest.ended_on,
    latest.kind, latest.goal_set_on, latest.reason_recorded
order by latest.mentee_no, latest.programme, latest.matched_on, latest.mentor_no
