-- one row per person, employment spell and version of what was known of it, transfers joined
with versions as (
    select
        person_no, spell_no, hired_on, exited_on, notice_on, exit_kind, exit_reason, regretted,
        exit_inferred, known_from, known_to
    from staging.spell_version
),

rules as (
    select max(transfer_gap_days) as transfer_gap_days from landed.project
),

-- What is known of a person changes on these days; spells are joined anew on each.
changes as (
    select person_no, known_from as known_at from versions
    union
    select person_no, known_to as known_at from versions
    where known_to < date '9999-12-31'
),

learnt as (
    select
        person_no,
        known_at,
        lead(known_at) over (partition by person_no order by known_at) as next_at
    from changes
),

timelines as (
    select
        learnt.known_at,
        coalesce(learnt.next_at, date '9999-12-31') as until,
        versions.person_no, versions.spell_no, versions.hired_on, versions.exited_on,
        versions.notice_on, versions.exit_kind, versions.exit_reason, versions.regretted,
        versions.exit_inferred,
        lag(versions.exited_on) over timeline as exit_before,
        coalesce(lag(versions.exit_kind) over timeline, 'unknown') as kind_before
    from versions
    inner join learnt
        on
            versions.person_no = learnt.person_no
            and versions.known_from <= learnt.known_at
            and versions.known_to > learnt.known_at
    window timeline as (
        partition by versions.person_no, learnt.known_at order by versions.hired_on
    )
),

-- A transfer to another legal entity is exported as an exit and a hire within a few days.
linked as (
    select
        timelines.known_at, timelines.until, timelines.person_no, timelines.spell_no,
        timelines.hired_on, timelines.exited_on, timelines.notice_on, timelines.exit_kind,
        timelines.exit_reason, timelines.regretted, timelines.exit_inferred,
        sum(
            case
                when
                    timelines.kind_before in ('transfer', 'unknown')
                    and date_diff('day', timelines.exit_before, timelines.hired_on)
                    between 0 and rules.transfer_gap_days + 1
                    then 0
                else 1
            end
        ) over (
            partition by timelines.person_no, timelines.known_at order by timelines.hired_on
        ) as chain
    from timelines
    cross join rules
),

joined as (
    select
        known_at, until, person_no, exited_on, notice_on, exit_kind, exit_reason, regretted,
        exit_inferred,
        first_value(spell_no) over (
            partition by person_no, known_at, chain order by hired_on
        ) as spell_no,
        min(hired_on) over (partition by person_no, known_at, chain) as hired_on,
        count(*) over (partition by person_no, known_at, chain) - 1 as transfers,
        row_number() over (
            partition by person_no, known_at, chain order by hired_on desc
        ) as place
    from linked
),

described as (
    select
        known_at, until, person_no, spell_no, hired_on, exited_on, notice_on, exit_kind,
        exit_reason, regretted, exit_inferred, transfers,
        concat_ws(
            chr(31),
            cast(hired_on as varchar),
            coalesce(cast(exited_on as varchar), chr(30)),
            coalesce(cast(notice_on as varchar), chr(30)),
            coalesce(exit_kind, chr(30)),
            coalesce(exit_reason, chr(30)),
            coalesce(cast(regretted as varchar), chr(30)),
            cast(exit_inferred as varchar),
            cast(transfers as varchar)
        ) as content
    from joined
    where place = 1
),

compared as (
    select
        known_at, until, person_no, spell_no, hired_on, exited_on, notice_on, exit_kind,
        exit_reason, regretted, exit_inferred, transfers, content,
        lag(content) over spell as content_before,
        lag(until) over spell as until_before
    from described
    window spell as (partition by person_no, spell_no order by known_at)
),

runs as (
    select
        known_at, until, person_no, spell_no, hired_on, exited_on, notice_on, exit_kind,
        exit_reason, regretted, exit_inferred, transfers,
        sum(case when content = content_before and known_at = until_before then 0 else 1 end)
            over (partition by person_no, spell_no order by known_at) as run
    from compared
)

select
    person_no,
    spell_no,
    hired_on,
    exited_on,
    notice_on,
    exit_kind,
    exit_reason,
    regretted,
    exit_inferred,
    cast(transfers as integer) as transfers,
    hired_on as valid_from,
    coalesce(cast(exited_on + interval 1 day as date), date '9999-12-31') as valid_to,
    min(known_at) as known_from,
    max(until) as known_to
from runs
group by
    person_no, spell_no, hired_on, exited_on, notice_on, exit_kind, exit_reason, regretted,
    exit_inferred, transfers, run
order by person_no, spell_no, known_from
