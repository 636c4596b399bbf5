-- one row per mentor and mentee brought together, and version of what was known of it
with matches as (
    select
        mentee_id, mentor_id, programme, matched_on, ended_on, kind, goal_set_on, reason_recorded,
        _delivered_on, _seq
    from landed.matches
),

persons as (
    select person_no, person_key from staging.person
),

delivered as (
    select
        mentees.person_no as mentee_no,
        mentors.person_no as mentor_no,
        matches.programme,
        cast(matches.matched_on as date) as matched_on,
        cast(matches.ended_on as date) as ended_on,
        matches.kind,
        cast(matches.goal_set_on as date) as goal_set_on,
        matches.reason_recorded = 'yes' as reason_recorded,
        concat_ws(
            chr(31),
            coalesce(matches.ended_on, chr(30)),
            coalesce(matches.kind, chr(30)),
            coalesce(matches.goal_set_on, chr(30)),
            coalesce(matches.reason_recorded, chr(30))
        ) as content,
        matches._delivered_on as known_from,
        row_number() over (
            partition by
                mentees.person_no, mentors.person_no, matches.programme, matches.matched_on,
                matches._delivered_on
            order by matches._seq desc
        ) as place
    from matches
    inner join persons as mentees on matches.mentee_id = mentees.person_key
    left join persons as mentors on matches.mentor_id = mentors.person_key
),

compared as (
    select
        mentee_no, mentor_no, programme, matched_on, ended_on, kind, goal_set_on, reason_recorded,
        content, known_from,
        lag(content) over (
            partition by mentee_no, mentor_no, programme, matched_on order by known_from
        ) as content_before
    from delivered
    where place = 1
),

versions as (
    select
        mentee_no, mentor_no, programme, matched_on, ended_on, kind, goal_set_on, reason_recorded,
        known_from,
        lead(known_from) over (
            partition by mentee_no, mentor_no, programme, matched_on order by known_from
        ) as superseded
    from compared
    where content_before is null or content <> content_before
)

select
    mentee_no,
    mentor_no,
    programme,
    matched_on,
    ended_on,
    kind,
    goal_set_on,
    reason_recorded,
    known_from,
    coalesce(superseded, date '9999-12-31') as known_to
from versions
order by mentee_no, programme, matched_on, mentor_no, known_from
