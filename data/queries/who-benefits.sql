-- For whom is the effect larger, and may that be said?
-- The verdict is that of one test over all groups of a variable: read the groups together. Groups
-- without a variable are no declared split (fifths by eagerness, starts): they have no test.
select
    e.study,
    i.variable,
    e.subgroup,
    e.estimate,
    e.ci_low,
    e.ci_high,
    e.unit,
    e.n_people,
    i.p_holm,
    i.verdict,
    e.status,
    e.reason
from results.estimates as e
left join results.interactions as i
    on
        e.study = i.study
        and e.arm = i.arm
        and starts_with(e.subgroup, replace(i.variable, '_', ' ') || ' ')
where e.subgroup is not null
order by e.study, e.arm, i.variable, e.subgroup, e.name
