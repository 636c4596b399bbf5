-- warn
-- survey waves without answers of anybody on record (anonymous, groups, hidden); not scored
-- names wave
select questionnaire, wave
from staging.survey_wave
where not is_linked
