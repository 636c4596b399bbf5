-- What share is still employed by which day, with mentoring and without, as released?
select
    study,
    arm,
    day,
    case name when 'kaplan_meier' then share else 1 - share end as still_employed,
    case name when 'kaplan_meier' then ci_low else 1 - ci_high end as ci_low,
    case name when 'kaplan_meier' then ci_high else 1 - ci_low end as ci_high,
    at_risk,
    label
from results.curves
where name = 'kaplan_meier' or exit_kind = 'any'
order by study, name, arm, day
