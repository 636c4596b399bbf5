-- What do all estimators of a study say, beside its raw gap?
-- Associations are no effects. Where there is no number, the reason says why.
select
    e.study,
    e.arm,
    e.role,
    e.estimator,
    e.estimand,
    e.window_first,
    e.window_last,
    e.estimate,
    e.ci_low,
    e.ci_high,
    e.unit,
    n.estimate as raw_gap,
    e.status,
    e.reason
from results.estimates as e
left join results.estimates as n
    on e.study = n.study and e.arm = n.arm and e.unit = n.unit and n.role = 'naive'
where e.subgroup is null
order by
    e.study,
    e.arm,
    case e.role when 'headline' then 0 when 'secondary' then 1 when 'naive' then 2 else 3 end,
    e.name,
    e.window_first,
    e.window_last
