"""What personnel numbers as text in random row order cost, once, at load.

The same panel is loaded twice: rows that carry text ids in random order become the panel mart
(number the people of the roster, join, sort), and rows that are dense and sorted are copied.
"""

from __future__ import annotations

import sys
from pathlib import Path

from serve import serve

from pipelines.engine import Engine, quote_text

MEMORY = "2GB"  # as the build has
FILES = ("people", "panel", "roster", "raw")
RAW = """
copy (
    select 'W' || lpad(cast(person_no as varchar), 8, '0') as person_id
    from read_parquet({people}) order by hash(person_no)
) to {roster} (format parquet);
copy (
    select 'W' || lpad(cast(person_no as varchar), 8, '0') as person_id, month, value
    from read_parquet({panel}) order by hash(person_no, month)
) to {raw} (format parquet)
"""
NUMBERED = """
create or replace table people as
select cast(row_number() over (order by person_id) - 1 as integer) as person_no, person_id
from read_parquet({roster});
create or replace table panel as
select people.person_no, raw.month, raw.value
from read_parquet({raw}) as raw inner join people on raw.person_id = people.person_id
order by people.person_no, raw.month
"""
COPIED = "create or replace table panel as select * from read_parquet({panel})"


def main(folder: Path, name: str) -> None:
    files = {key: quote_text(str(folder / f"{key}.parquet")) for key in FILES}
    target = folder / f"{name}.duckdb"
    target.unlink(missing_ok=True)
    with Engine.open(target, threads=2, memory=MEMORY) as engine:
        if not (folder / "raw.parquet").exists():
            for statement in RAW.format(**files).split(";"):
                engine.run(statement)
        statements = {"ids": NUMBERED, "sorted": COPIED}[name].format(**files)

        def load() -> dict:
            for statement in statements.split(";"):
                engine.run(statement)
            engine.checkpoint()
            return {}

        serve(lambda: load, {})


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
