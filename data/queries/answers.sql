-- What did the last run say of each study, and which sentence may be passed on?
-- The raw gap stands beside the estimate because it is no effect; a withheld study has neither.
select
    f.study,
    f.grade,
    h.arm,
    h.estimate,
    h.ci_low,
    h.ci_high,
    h.unit,
    n.estimate as raw_gap,
    f.may_say,
    f.do_not_say,
    f.to_raise,
    r.as_known_at,
    r.run
from results.findings as f
cross join results.runs as r
left join results.estimates as h on f.study = h.study and h.role = 'headline'
left join results.estimates as n
    on f.study = n.study and n.role = 'naive' and h.arm = n.arm and h.unit = n.unit
order by f.study, h.arm
