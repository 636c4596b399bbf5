-- one row per person, metric, month and version of the value
with performance as (
    select
        person_id, metric, period, value, scale, rater_id, _delivered_on, _seq
    from landed.performance
),

persons as (
    select person_no, person_key from staging.person
),

delivered as (
    select
        persons.person_no,
        performance.metric,
        cast(performance.period as date) as month,
        cast(performance.value as double) as value,
        performance.scale,
        raters.person_no as rater_no,
        concat_ws(
            chr(31),
            performance.value,
            coalesce(performance.scale, chr(30)),
            coalesce(performance.rater_id, chr(30))
        ) as content,
        performance._delivered_on as known_from,
        row_number() over (
            partition by
                persons.person_no, performance.metric, performance.period,
                performance._delivered_on
            order by performance._seq desc
        ) as place
    from performance
    inner join persons on performance.person_id = persons.person_key
    left join persons as raters on performance.rater_id = raters.person_key
),

compared as (
    select
        person_no, metric, month, value, scale, rater_no, content, known_from,
        lag(content) over (
            partition by person_no, metric, month order by known_from
        ) as content_before
    from delivered
    where place = 1
),

versions as (
    select
        person_no, metric, month, value, scale, rater_no, known_from,
        lead(known_from) over (
            partition by person_no, metric, month order by known_from
        ) as superseded
    from compared
    where content_before is null or content <> content_before
)

select
    person_no,
    metric,
    month,
    value,
    scale,
    rater_no,
    known_from,
    coalesce(superseded, date '9999-12-31') as known_to
from versions
order by person_no, metric, month, known_from
