-- warn
-- survey waves of which over a tenth answered under ids that are on no record; these are not scored
-- names wave
select questionnaire, wave
from staging.survey_wave
where is_linked and respondents_known < 0.9 * respondents_shown
