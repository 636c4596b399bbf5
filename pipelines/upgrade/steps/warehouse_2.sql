-- Deliveries that are due: none was declared before.
create table results.freshness (
    source varchar,
    expected varchar,
    due_on date,
    last_delivery date,
    state varchar,
    days_late integer,
    missed varchar
);
-- Every answer was of the run that showed it.
alter table results.findings add column standing varchar;
alter table results.findings add column first_shown_in varchar;
alter table results.findings add column not_renewed varchar;
update results.findings set standing = 'fresh', first_shown_in = (select run from results.runs);
