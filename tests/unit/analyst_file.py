"""An analysts' file with tables to ask and one that is not for asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

TABLES = ("marts.employees", "marts.exits", "results.estimates")


def publish(folder: Path) -> Path:
    """Write analyst.duckdb into the folder; returns its path."""
    path = folder / "analyst.duckdb"
    with duckdb.connect(str(path), config={"storage_compatibility_version": "v1.0.0"}) as made:
        made.execute(
            """
            create schema marts; create schema results; create schema landed;
            create table marts.employees as select * from (values
                (1, 'sales', date '2020-01-15', 1000.50::decimal(9, 2)),
                (2, 'sales', date '2021-03-01', 1200.00::decimal(9, 2)),
                (3, 'it', date '2022-06-01', null)
            ) as t(person_no, department, hired_on, pay);
            create table marts.exits as select 2 as person_no, date '2023-01-31' as exited_on;
            create table results.estimates as select 'mentors' as study, 0.25::double as estimate;
            create table landed.people as select 'someone' as name;
            comment on table marts.employees is 'One row a person.';
            comment on column marts.employees.department is 'Team at the latest date.';
            """
        )
    return path
