-- warn
-- matches that begin before the mentee or the mentor was first hired
with matches as (
    select mentee_no, mentor_no, programme, matched_on
    from staging.match
    where known_to = date '9999-12-31'
),

first_hires as (
    select person_no, min(hired_on) as hired_on
    from staging.employment_spell
    where known_to = date '9999-12-31'
    group by person_no
)

select matches.mentee_no, matches.mentor_no, matches.programme, matches.matched_on
from matches
left join first_hires as mentees on matches.mentee_no = mentees.person_no
left join first_hires as mentors on matches.mentor_no = mentors.person_no
where matches.matched_on < greatest(mentees.hired_on, mentors.hired_on)
