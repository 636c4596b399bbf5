-- one row per questionnaire and wave
with waves as (
    select
        questionnaire, wave, respondents, respondents_shown, respondents_known, is_linked
    from staging.survey_wave
)

select
    questionnaire,
    wave,
    respondents,
    respondents_shown,
    respondents_known,
    is_linked
from waves
order by questionnaire, wave
