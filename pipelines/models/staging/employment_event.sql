-- one row per person, spell and event: a row or absence that says other than the one before it
with employment as (
    select
        person_id, hired_on, exited_on, notice_on, exit_kind, exit_reason, regretted, status,
        coalesce(_columns like '% exited_on %', true) as gives_exit,
        coalesce(
            _columns like '% exit_kind %'
            or _columns like '% exit_reason %'
            or _columns like '% notice_on %',
            true
        ) as gives_why,
        _delivered_on, _seq
    from landed.employment
),

absences as (
    select person_no, hired_on, last_held_on, missing_on, hire_corrected
    from staging.spell_absence
),

persons as (
    select person_no, person_key from staging.person
),

delivered as (
    select
        persons.person_no,
        cast(employment.hired_on as date) as hired_on,
        employment._delivered_on as known_from,
        employment._seq as seq,
        case
            when
                employment.status = 'leave'
                and cast(employment.exited_on as date) <= employment._delivered_on
                then 'open'
            when employment.exited_on is not null then 'exit'
            when employment.status = 'terminated' then 'ended'
            when employment.status = 'inactive' or not employment.gives_exit then 'silent'
            else 'open'
        end as says,
        cast(employment.exited_on as date) as exited_on,
        cast(employment.notice_on as date) as notice_on,
        employment.exit_kind,
        employment.exit_reason,
        employment.regretted = 'yes' as regretted,
        employment.gives_why
    from employment
    inner join persons on employment.person_id = persons.person_key
),

-- Several sources may miss a spell on one day; who delivers it on that day has the last word.
still_there as (
    select distinct absences.person_no, absences.hired_on, absences.missing_on
    from delivered
    inner join absences
        on
            delivered.person_no = absences.person_no
            and delivered.hired_on = absences.hired_on
            and delivered.known_from = absences.missing_on
),

missed as (
    select
        absences.person_no,
        absences.hired_on,
        absences.missing_on as known_from,
        bool_or(absences.hire_corrected or absences.hired_on > absences.last_held_on) as never_was
    from absences
    left join still_there
        on
            absences.person_no = still_there.person_no
            and absences.hired_on = still_there.hired_on
            and absences.missing_on = still_there.missing_on
    where still_there.person_no is null
    group by absences.person_no, absences.hired_on, absences.missing_on
),

events as (
    select
        person_no, hired_on, known_from, seq, says,
        case when says = 'exit' then exited_on end as exited_on,
        notice_on, exit_kind, exit_reason, regretted, gives_why
    from delivered
    union all
    select
        person_no, hired_on, known_from, 0 as seq,
        case when never_was then 'never was' else 'absent' end as says,
        cast(null as date) as exited_on,
        cast(null as date) as notice_on,
        cast(null as varchar) as exit_kind,
        cast(null as varchar) as exit_reason,
        cast(null as boolean) as regretted,
        false as gives_why
    from missed
),

described as (
    select
        person_no, hired_on, known_from, seq, says, exited_on, notice_on, exit_kind, exit_reason,
        regretted, gives_why,
        concat_ws(
            chr(31),
            says,
            coalesce(cast(exited_on as varchar), chr(30)),
            coalesce(cast(notice_on as varchar), chr(30)),
            coalesce(exit_kind, chr(30)),
            coalesce(exit_reason, chr(30)),
            coalesce(cast(regretted as varchar), chr(30)),
            cast(gives_why as varchar)
        ) as content
    from events
),

compared as (
    select
        person_no, hired_on, known_from, seq, says, exited_on, notice_on, exit_kind, exit_reason,
        regretted, gives_why, content,
        lag(content) over spell as content_before,
        case
            when lag(says) over spell in ('exit', 'open', 'silent') then lag(known_from) over spell
        end as there_on
    from described
    window spell as (partition by person_no, hired_on order by known_from, seq)
)

select
    person_no,
    hired_on,
    known_from,
    seq,
    says,
    exited_on,
    notice_on,
    exit_kind,
    exit_reason,
    regretted,
    gives_why,
    there_on
from compared
where content_before is null or content <> content_before
order by person_no, hired_on, known_from, seq
