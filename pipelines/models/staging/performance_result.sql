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
        performance.value,
        performance.scale,
        performance.rater_id,
        raters.person_no as rater_no,
        performance._delivered_on as known_from,
        performance._seq as seq
    from performance
    inner join persons on performance.person_id = persons.person_key
    left join persons as raters on performance.rater_id = raters.person_key
),

neighbours as (
    select
        person_no, metric, month, value, scale, rater_id, rater_no, known_from,
        lag(known_from) over result as from_before,
        lead(known_from) over result as from_after
    from delivered
    window result as (partition by person_no, metric, month order by known_from, seq)
),

-- Most results are delivered once; only the others are compared with one another.
once as (
    select person_no, metric, month, value, scale, rater_no, known_from
    from neighbours
    where from_before is null and from_after is null
),

-- Of several rows in one delivery the last counts.
again as (
    select
        person_no, metric, month, value, scale, rater_no, known_from,
        concat_ws(
            chr(31), value, coalesce(scale, chr(30)), coalesce(rater_id, chr(30))
        ) as content
    from neighbours
    where
        (from_before is not null or from_after is not null)
        and from_after is distinct from known_from
),

compared as (
    select
        person_no, metric, month, value, scale, rater_no, content, known_from,
        lag(content) over (
            partition by person_no, metric, month order by known_from
        ) as content_before
    from again
),

versions as (
    select
        person_no, metric, month, value, scale, rater_no, known_from,
        lead(known_from) over (
            partition by person_no, metric, month order by known_from
        ) as superseded
    from compared
    where content_before is null or content <> content_before
    union all
    select
        person_no, metric, month, value, scale, rater_no, known_from,
        cast(null as date) as superseded
    from once
)

select
    person_no,
    metric,
    month,
    cast(value as double) as value,
    scale,
    rater_no,
    known_from,
    coalesce(superseded, date '9999-12-31') as known_to
from versions
order by person_no, metric, month, known_from
