-- Which questions were registered when, and was any changed after its first answer?
select
    study,
    registered_on,
    first_run,
    registered_hash,
    question_hash,
    coalesce(registered_hash = question_hash, false) as as_registered,
    changes,
    amended
from results.studies
order by registered_on, study
