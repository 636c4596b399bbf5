-- one row per person, recorded spell and version of what was known of it, before transfers join
with events as (
    select
        person_no, hired_on, known_from, seq, says, exited_on, notice_on, exit_kind, exit_reason,
        regretted, gives_why, there_on
    from staging.employment_event
),

-- Each exit or open end that a file names begins a new account of when the spell ended, each
-- file that gives reasons a new account of why; other files are silent about it.
told as (
    select
        person_no, hired_on, known_from, seq, says, exited_on, notice_on, exit_kind, exit_reason,
        regretted,
        sum(case when says in ('exit', 'open') then 1 else 0 end) over spell as ending,
        sum(
            case
                when
                    says = 'open'
                    or (says = 'exit' and gives_why)
                    or exit_kind is not null
                    or exit_reason is not null
                    then 1
                else 0
            end
        ) over spell as telling,
        max(there_on) over spell as last_there_on,
        min(known_from) over (partition by person_no, hired_on) as first_known
    from events
    window spell as (
        partition by person_no, hired_on order by known_from, seq
        rows between unbounded preceding and current row
    )
),

accounts as (
    select
        person_no, hired_on, known_from, seq, says, last_there_on, first_known,
        first_value(exited_on) over ending as named_exit,
        first_value(notice_on) over telling as notice_on,
        first_value(exit_kind) over telling as exit_kind,
        first_value(exit_reason) over telling as exit_reason,
        first_value(regretted) over telling as regretted
    from told
    window
        ending as (partition by person_no, hired_on, ending order by known_from, seq),
        telling as (partition by person_no, hired_on, telling order by known_from, seq)
),

-- Somebody gone without a day left after the last delivery that still had them.
dated as (
    select
        person_no, hired_on, known_from, seq, first_known, notice_on, exit_kind, exit_reason,
        regretted,
        coalesce(
            named_exit,
            case when says in ('ended', 'absent') then coalesce(last_there_on, known_from) end
        ) as exited_on,
        named_exit is null and says in ('ended', 'absent') as exit_inferred,
        named_exit is null and says = 'never was' as withdrawn,
        row_number() over (
            partition by person_no, hired_on, known_from order by seq desc
        ) as place
    from accounts
),

states as (
    select
        person_no, hired_on, known_from, first_known, notice_on, exited_on, exit_inferred,
        withdrawn,
        case when exited_on is not null then coalesce(exit_kind, 'unknown') end as exit_kind,
        case when exited_on is not null then exit_reason end as exit_reason,
        case when exited_on is not null then regretted end as regretted
    from dated
    where place = 1
),

described as (
    select
        person_no, hired_on, known_from, first_known, notice_on, exited_on, exit_inferred,
        withdrawn, exit_kind, exit_reason, regretted,
        concat_ws(
            chr(31),
            coalesce(cast(exited_on as varchar), chr(30)),
            coalesce(cast(notice_on as varchar), chr(30)),
            coalesce(exit_kind, chr(30)),
            coalesce(exit_reason, chr(30)),
            coalesce(cast(regretted as varchar), chr(30)),
            cast(exit_inferred as varchar),
            cast(withdrawn as varchar)
        ) as content
    from states
),

compared as (
    select
        person_no, hired_on, known_from, first_known, notice_on, exited_on, exit_inferred,
        withdrawn, exit_kind, exit_reason, regretted, content,
        lag(content) over (partition by person_no, hired_on order by known_from) as content_before
    from described
),

versions as (
    select
        person_no, hired_on, known_from, first_known, notice_on, exited_on, exit_inferred,
        withdrawn, exit_kind, exit_reason, regretted,
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
    exit_inferred,
    known_from,
    coalesce(superseded, date '9999-12-31') as known_to
from versions
where not withdrawn
order by person_no, spell_no, known_from
