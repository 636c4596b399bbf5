-- one row per person, programme and version of what was known of the path through it
with enrolments as (
    select
        person_no, programme, eligible_on, invited_on, applied_on, assigned_on, arm, stratum,
        matched_on, completed_on, closed_on, took_up, known_from, known_to
    from staging.enrolment
),

matches as (
    select mentee_no as person_no, programme, matched_on, known_from, known_to from staging.match
),

held as (
    select person_no, programme, held_on, known_from, known_to
    from staging.session
    where coalesce(status, 'confirmed') <> 'scheduled'
),

-- What is known of a path changes when its enrolment, a match or a meeting becomes known or is
-- superseded.
learnt as (
    select person_no, programme, known_from as known_at from enrolments
    union
    select person_no, programme, known_from as known_at from matches
    union
    select person_no, programme, known_to as known_at from matches
    union
    select person_no, programme, known_from as known_at from held
    union
    select person_no, programme, known_to as known_at from held
),

states as (
    select
        learnt.known_at,
        enrolments.person_no, enrolments.programme, enrolments.eligible_on, enrolments.invited_on,
        enrolments.applied_on, enrolments.assigned_on, enrolments.arm, enrolments.stratum,
        enrolments.matched_on, enrolments.completed_on, enrolments.closed_on, enrolments.took_up,
        enrolments.known_from as enrolment_from
    from enrolments
    inner join learnt
        on
            enrolments.person_no = learnt.person_no
            and enrolments.programme = learnt.programme
            and enrolments.known_from <= learnt.known_at
            and enrolments.known_to > learnt.known_at
),

first_matches as (
    select
        learnt.person_no, learnt.programme, learnt.known_at,
        min(matches.matched_on) as matched_on
    from learnt
    inner join matches
        on
            learnt.person_no = matches.person_no
            and learnt.programme = matches.programme
            and learnt.known_at >= matches.known_from
            and learnt.known_at < matches.known_to
    group by learnt.person_no, learnt.programme, learnt.known_at
),

meetings as (
    select
        learnt.person_no, learnt.programme, learnt.known_at,
        min(held.held_on) as first_met_on,
        count(held.held_on) as sessions_held
    from learnt
    inner join held
        on
            learnt.person_no = held.person_no
            and learnt.programme = held.programme
            and learnt.known_at >= held.known_from
            and learnt.known_at < held.known_to
    group by learnt.person_no, learnt.programme, learnt.known_at
),

joined as (
    select
        states.known_at,
        states.person_no, states.programme, states.eligible_on, states.invited_on,
        states.applied_on, states.assigned_on, states.arm, states.stratum,
        coalesce(states.matched_on, first_matches.matched_on) as matched_on,
        meetings.first_met_on,
        coalesce(meetings.sessions_held, 0) as sessions_held,
        states.took_up, states.completed_on, states.closed_on, states.enrolment_from
    from states
    left join first_matches
        on
            states.person_no = first_matches.person_no
            and states.programme = first_matches.programme
            and states.known_at = first_matches.known_at
    left join meetings
        on
            states.person_no = meetings.person_no
            and states.programme = meetings.programme
            and states.known_at = meetings.known_at
),

compared as (
    select
        known_at, person_no, programme, eligible_on, invited_on, applied_on, assigned_on, arm,
        stratum, matched_on, first_met_on, sessions_held, took_up, completed_on, closed_on,
        enrolment_from,
        lag(matched_on) over path as matched_before,
        lag(first_met_on) over path as met_before,
        lag(sessions_held) over path as held_before
    from joined
    window path as (partition by person_no, programme order by known_at)
),

changes as (
    select
        known_at, person_no, programme, eligible_on, invited_on, applied_on, assigned_on, arm,
        stratum, matched_on, first_met_on, sessions_held, took_up, completed_on, closed_on,
        lead(known_at) over (partition by person_no, programme order by known_at) as superseded
    from compared
    where
        known_at = enrolment_from
        or matched_on is distinct from matched_before
        or first_met_on is distinct from met_before
        or sessions_held is distinct from held_before
)

select
    person_no,
    programme,
    eligible_on,
    invited_on,
    applied_on,
    assigned_on,
    arm,
    stratum,
    matched_on,
    first_met_on,
    cast(sessions_held as integer) as sessions_held,
    took_up,
    completed_on,
    closed_on,
    known_at as known_from,
    coalesce(superseded, date '9999-12-31') as known_to
from changes
order by person_no, programme, known_from
