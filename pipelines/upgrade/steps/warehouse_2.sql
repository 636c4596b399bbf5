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
