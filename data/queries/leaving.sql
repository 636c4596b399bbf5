-- What share has left by which day, with mentoring and without, as released?
select
    study,
    exit_kind,
    label,
    arm,
    day,
    share,
    ci_low,
    ci_high,
    at_risk
from results.curves
where name in ('standardised_incidence', 'aalen_johansen')
order by study, exit_kind, name, arm, day
