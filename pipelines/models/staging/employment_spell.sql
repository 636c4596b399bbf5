-- one row per person, employment spell and version of what was known of it
with employment as (
    select
        person_id, hired_on, exited_on, notice_on, exit_kind, exit_reason, regretted,
        _delivered_on, _seq
    from landed.employment
),

persons as (
    select person_no, person_key from staging.person
),

delivered as (
    select
        persons.person_no,
        cast(employment.hired_on as date) as hired_on,
        cast(employment.exited_on as date) as exited_on,
        cast(employment.notice_on as date) as notice_on,
        employment.exit_kind,
        employment.exit_reason,
        employment.regretted = 'yes' as regretted,
        concat_ws(
            chr(31),
            coalesce(employment.exited_on, chr(30)),
            coalesce(employment.notice_on, chr(30)),
            coalesce(employment.exit_kind, chr(30)),
            coalesce(employment.exit_reason, chr(30)),
            coalesce(employment.regretted, chr(30))
        ) as content,
        employment._delivered_on as known_from,
        row_number() over (
            partition by persons.person_no, employment.hired_on, employment._delivered_on
            order by employment._seq desc
        ) as place
    from employment
    inner join persons on employment.person_id = persons.person_key
),

compared as (
    select
        person_no, hired_on, exited_on, notice_on, exit_kind, exit_reason, regretted,
        content, known_from,
        lag(content) over (partition by person_no, hired_on order by known_from) as content_before,
        min(known_from) over (partition by person_no, hired_on) as first_known
    from delivered
    where place = 1
),

versions as (
    select
        person_no, hired_on, exited_on, notice_on, exit_kind, exit_reason, regretted,
        first_known, known_from,
        lead(known_from) over (partition by person_no, hired_on order by known_from) as superseded
    from compared
    where content_before is null or content <> content_before
)

select
    person_no,
    cast(
        dense_rank() over (partition by person_no order by first_known, hired_on) as integer
    ) as spell_no,
    hired_on,
    exited_on,
    notice_on,
    exit_kind,
    exit_reason,
    regretted,
    hired_on as valid_from,
    coalesce(cast(exited_on + interval 1 day as date), date '9999-12-31') as valid_to,
    known_from,
    coalesce(superseded, date '9999-12-31') as known_to
from versions
order by person_no, spell_no, known_from
