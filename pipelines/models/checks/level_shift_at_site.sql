-- warn
-- sites and metrics whose middle value more than doubled or halved at once; a unit may have changed
with middles as (
    select
        results.metric, results.scale, jobs.site, results.month, median(results.value) as middle
    from staging.performance_result as results
    inner join staging.job_assignment as jobs
        on
            results.person_no = jobs.person_no
            and jobs.valid_from < results.month + interval 1 month
            and jobs.valid_to >= results.month + interval 1 month
    where
        results.known_to = date '9999-12-31'
        and jobs.known_to = date '9999-12-31'
        and jobs.site is not null
    group by results.metric, results.scale, jobs.site, results.month
    having count(*) >= 5
),

-- Half a year on either side, so that one odd month is no shift.
sides as (
    select
        metric, site,
        median(middle) over earlier as before,
        median(middle) over later as since,
        count(*) over earlier as months_before,
        count(*) over later as months_since
    from middles
    window
        earlier as (
            partition by metric, scale, site order by month rows between 6 preceding and 1 preceding
        ),
        later as (
            partition by metric, scale, site
            order by month rows between current row and 5 following
        )
)

select distinct metric, site
from sides
where
    months_before = 6 and months_since = 6 and before > 0
    and (since > 2 * before or 2 * since < before)
