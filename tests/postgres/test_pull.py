"""A pull is a delivery: what a real server holds becomes immutable files, nothing twice or lost."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from pipelines.config import load_project
from pipelines.engine import Engine
from pipelines.ingest import land

if TYPE_CHECKING:
    from tests.postgres.conftest import Office

JANUARY = "'2024-01-01 00:00:00+00'"


def insert(office: Office, *lines: str) -> None:
    """Rows of hr.kpi: id, sales, updated_at; the month is January 2024."""
    for line in lines:
        number, sales, changed = (cell.strip() for cell in line.split("|"))
        moment = "null" if changed == "null" else f"'{changed}'"
        office.sql(
            "insert into hr.kpi (id, month, sales, note, secret_note, updated_at) "
            f"values ({number}, {JANUARY}, {sales}, 'n', 'never asked for', {moment})"
        )


def ids(pulled: list[tuple[str | None, ...]] | None) -> list[str | None] | None:
    """The id of each row; columns come as declared: month, sales, then id and updated_at."""
    return None if pulled is None else sorted(row[2] for row in pulled)


def test_values_arrive_as_exact_text_and_only_declared_columns(office: Office) -> None:
    insert(office, "1 | 12345678.9010 | 2024-02-01 23:30:00-05")
    assert office.pull() == [
        ("2024-01-01 00:00:00+00", "12345678.9010", "1", "2024-02-02 04:30:00+00")
    ]
    assert "never asked for" not in (office.data / "kpi" / office.files()[0]).read_text("latin-1")


def test_the_file_is_named_by_the_latest_change_and_private(office: Office) -> None:
    insert(office, "1 | 10 | 2024-02-01 10:00:00+00", "2 | 20 | 2024-02-03 23:59:59.5-03")
    office.pull()
    assert office.files() == ["kpi_2024-02-04_20240204025959500000_000001.parquet"]
    mode = (office.data / "kpi" / office.files()[0]).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_each_pull_brings_what_has_changed_since(office: Office) -> None:
    insert(office, "1 | 10 | 2024-02-01 10:00", "2 | 20 | 2024-02-05 10:00")
    assert ids(office.pull()) == ["1", "2"]
    assert office.pull() is None
    insert(office, "3 | 30 | 2024-02-06 10:00")
    office.sql("update hr.kpi set sales = 11, updated_at = '2024-02-07 10:00' where id = 1")
    assert ids(office.pull()) == ["1", "3"]
    assert office.pull() is None


@pytest.mark.parametrize(
    ("late", "why"),
    [
        ("2024-02-05 10:00:00+00", "the moment of the watermark itself"),
        ("2024-02-05 09:00:00+00", "begun before the watermark, committed after the pull"),
        ("2024-02-04 10:00:00+00", "the very edge of the overlap of one day"),
        ("9999-12-31 00:00:00+00", "in the future of the server's clock"),
        ("null", "no time of change"),
    ],
)
def test_a_row_that_appears_late_is_not_lost(office: Office, late: str, why: str) -> None:
    insert(office, "1 | 10 | 2024-02-05 10:00:00+00")
    office.pull()
    insert(office, f"2 | 20 | {late}")
    assert ids(office.pull()) == ["2"], why
    assert office.pull() is None
    insert(office, "3 | 30 | 2024-02-06 10:00:00+00")
    assert ids(office.pull()) == ["3"]


def test_files_land_in_the_order_they_were_pulled(office: Office) -> None:
    """Two pulls with one watermark, a change by a fraction of a second, and a later one."""
    moments = ["10:00:00", "10:00:00", "10:00:00.25", "11:00:00"]
    for number, moment in enumerate(moments, start=1):
        insert(office, f"{number} | 1 | 2024-02-05 {moment}+00")
        office.pull()
    assert [name[-11:-8] for name in office.files()] == ["001", "002", "003", "004"]


def test_without_updated_at_each_pull_is_the_whole_table(office: Office) -> None:
    office.declare(updated_at=None)
    insert(office, "1 | 10 | null")
    assert ids(office.pull()) == ["1"]
    assert office.pull() is None
    insert(office, "2 | 20 | null")
    assert ids(office.pull()) == ["1", "2"]


def test_an_empty_table_is_said_and_leaves_no_file(office: Office) -> None:
    code, said = office.command("pull")
    assert code == 0 and "there are no rows" in said
    assert office.files() == []


def test_an_interrupted_pull_leaves_nothing_and_the_next_one_all(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert(office, *(f"{n} | 1 | 2024-02-0{n} 10:00" for n in range(1, 10)))
    end_connection_after_first_rows(office, monkeypatch)
    code, said = office.command("pull")
    assert code == 8 and "nothing was stored" in said
    assert [p.name for p in (office.data / "kpi").iterdir() if p.name != ".pull.lock"] == []
    monkeypatch.undo()
    office.login()
    assert len(office.pull() or []) == 9


def end_connection_after_first_rows(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the server end the reader's connection while its rows are being read."""
    from pipelines import pull
    from pipelines.sources import postgres

    def without(known: object, batch: list[tuple[str | None, ...]]) -> list[tuple[str | None, ...]]:
        office.sql(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where application_name = 'mentorlift'"
        )
        return batch

    monkeypatch.setattr(postgres, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(pull._Known, "without", without)


def test_a_pull_sees_one_moment_of_the_database(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows written while it reads come with the next pull, not half of them now."""
    from pipelines.sources import postgres

    insert(office, *(f"{n} | 1 | 2024-02-0{n} 10:00" for n in range(1, 6)))
    fetched: list[int] = []
    monkeypatch.setattr(postgres, "ROWS_AT_ONCE", 2)
    whole = postgres.Snapshot.rows

    def rows_with_writer(self, since):
        for batch in whole(self, since):
            if not fetched:
                insert(office, "9 | 1 | 2024-02-04 12:00")
            fetched.append(len(batch))
            yield batch

    monkeypatch.setattr(postgres.Snapshot, "rows", rows_with_writer)
    assert ids(office.pull()) == ["1", "2", "3", "4", "5"]
    assert ids(office.pull()) == ["9"]


def test_pulled_files_land_like_any_others(office: Office) -> None:
    insert(office, "1 | 10.50 | 2024-02-01 10:00", "2 | 20 | 2024-02-01 10:00")
    office.pull()
    office.sql("update hr.kpi set sales = 11.25, updated_at = '2024-03-01 10:00' where id = 1")
    office.pull()
    with Engine.memory(threads=1) as engine:
        land(engine, load_project(office.project).settings, office.data, bytes(32))
        landed = engine.rows(
            "select value, period, cast(_delivered_on as varchar) from landed.performance "
            "order by _seq"
        )
    assert landed == [
        ("10.5000", "2024-01-01", "2024-02-01"),
        ("20.0000", "2024-01-01", "2024-02-01"),
        ("11.2500", "2024-01-01", "2024-03-01"),
    ]


def test_a_query_selects_renames_and_casts(office: Office) -> None:
    insert(office, "1 | 10 | 2024-02-01 10:00")
    office.declare(table=None, query_file="sql/kpi.sql")
    (office.project / "sql").mkdir()
    (office.project / "sql" / "kpi.sql").write_text(
        "select id, month, round(sales * 100 / 3, 1) as sales, -- share in %\n"
        "       updated_at from hr.kpi where sales::text like '1%';  \n"
    )
    assert office.pull() == [("2024-01-01 00:00:00+00", "333.3", "1", "2024-02-01 10:00:00+00")]


def test_soft_deleted_rows_stay_rows(office: Office) -> None:
    office.sql("grant select on hr.kpi to reader")
    office.declare(columns=["month", "sales", "deleted"])
    insert(office, "1 | 10 | 2024-02-01 10:00")
    office.pull()
    office.sql("update hr.kpi set deleted = true, updated_at = '2024-02-02 10:00'")
    assert [row[2] for row in office.pull() or []] == ["true"]


def test_a_changed_declaration_is_not_mixed_with_earlier_files(office: Office) -> None:
    insert(office, "1 | 10 | 2024-02-01 10:00")
    office.pull()
    office.declare(columns=["sales"])
    code, said = office.command("pull")
    assert code == 3 and "asks for something else" in said and "new name" in said


def test_run_asks_the_database_first_unless_told_not_to(office: Office) -> None:
    insert(office, "1 | 10 | 2024-02-01 10:00")
    assert office.command("run")[0] == 0
    assert len(office.files()) == 1
    insert(office, "2 | 20 | 2024-02-02 10:00")
    assert office.command("run", "--no-pull")[0] == 0
    assert len(office.files()) == 1
    assert office.command("run")[0] == 0
    assert len(office.files()) == 2
