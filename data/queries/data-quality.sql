-- What is missing or was corrected in the data that the answers rest on?
-- Rows and not people, so they are exact; 0 means that there is nothing to say.
select
    'exits whose kind is unknown' as what,
    count(*) filter (where exit_kind = 'unknown') as found,
    count(*) as of_rows
from marts.exits
union all
select
    'exits dated by the last file that had the person' as what,
    count(*) filter (where exit_inferred) as found,
    count(*) as of_rows
from marts.exits
union all
select
    'months of employment without a department' as what,
    count(*) filter (where department is null) as found,
    count(*) as of_rows
from marts.employee_months
union all
select
    'results that a later delivery replaced' as what,
    count(*) filter (where known_to < date '9999-12-31') as found,
    count(*) as of_rows
from marts.performance
union all
select
    'matches without any meeting' as what,
    count(*) filter (where meetings = 0) as found,
    count(*) as of_rows
from marts.mentorships
union all
select
    'survey answers that the source hides' as what,
    count(*) filter (where suppressed) as found,
    count(*) as of_rows
from marts.survey_responses
order by what
