-- How many answered each wave of a survey, and can their answers be linked?
-- Rounded to 5; fewer than 10 are not shown.
select
    questionnaire,
    wave,
    case when respondents >= 10 then (5 * round(respondents / 5))::integer end as respondents,
    case
        when respondents_known >= 10 then (5 * round(respondents_known / 5))::integer
    end as known,
    is_linked
from marts.survey_waves
order by questionnaire, wave
