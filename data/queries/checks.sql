-- Which checks failed or warned, against which limit, and what would mend it?
select
    d.study,
    f.grade,
    d.status,
    d.label,
    d.display,
    d.threshold,
    d.remedy
from results.diagnostics as d
inner join results.findings as f on d.study = f.study
where d.status in ('fail', 'warn')
order by d.study, d.status, d.name
