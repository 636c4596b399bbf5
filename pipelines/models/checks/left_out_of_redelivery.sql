-- warn
-- people whose figures of a month are missing where the month was delivered again; they still count
with repeated as (
    select _source, metric, period
    from landed.performance
    group by _source, metric, period
    having min(_delivered_on) < max(_delivered_on)
),

delivered as (
    select distinct
        performance._source, performance.metric, performance.period, performance._delivered_on,
        performance.person_id
    from landed.performance as performance
    inner join repeated
        on
            performance._source = repeated._source
            and performance.metric = repeated.metric
            and performance.period = repeated.period
),

deliveries as (
    select _source, metric, period, _delivered_on, count(*) as people
    from delivered
    group by _source, metric, period, _delivered_on
),

-- A correction of a few figures is no second delivery: half of the people must be in it.
again as (
    select
        former._source, former.metric, former.period,
        former._delivered_on as first_on, max(latter._delivered_on) as again_on
    from deliveries as former
    inner join deliveries as latter
        on
            former._source = latter._source
            and former.metric = latter.metric
            and former.period = latter.period
            and former._delivered_on < latter._delivered_on
            and 2 * latter.people >= former.people
    group by former._source, former.metric, former.period, former._delivered_on
)

select delivered.person_id, delivered.metric, delivered.period
from delivered
inner join again
    on
        delivered._source = again._source
        and delivered.metric = again.metric
        and delivered.period = again.period
        and delivered._delivered_on = again.first_on
anti join delivered as latest
    on
        delivered._source = latest._source
        and delivered.metric = latest.metric
        and delivered.period = latest.period
        and again.again_on = latest._delivered_on
        and delivered.person_id = latest.person_id
group by delivered.person_id, delivered.metric, delivered.period
