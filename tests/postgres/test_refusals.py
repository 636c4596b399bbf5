"""Whatever a server, a login or a declaration does wrong: a message, a fix, and no secret."""

from __future__ import annotations

import socket
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import UserError
from tests.postgres.conftest import LOAD, SECRET, SETTINGS, VARIABLE
from tests.postgres.test_pull import end_connection_after_first_rows, insert

if TYPE_CHECKING:
    from tests.postgres.conftest import Office


def refused(office: Office, *expected: str, code: int) -> None:
    """A pull fails in two lines with these words; the secret is nowhere, with debugging as well."""
    office.patch.setenv("MENTORLIFT_DEBUG", "1")
    left, said = office.command("pull")
    assert left == code, said
    for words in expected:
        assert words in said
    assert "fix:" in said and len(said.splitlines()) == 2
    assert SECRET not in said
    holders = [p for p in office.folder.rglob("*") if p.is_file() and SECRET in p.read_text("l1")]
    assert holders == []
    assert office.files() == []


def test_variable_not_set(office: Office) -> None:
    office.patch.delenv(VARIABLE)
    refused(office, VARIABLE, "is not set", code=3)


@pytest.mark.parametrize(
    "dsn",
    [
        f"postgresql://reader:{SECRET}@host:not-a-port/db",
        f"host=there passwort={SECRET}",
        f"reader {SECRET}",
        f"postgresql://reader:{SECRET}%@host/db",
    ],
)
def test_a_connection_that_is_none(office: Office, dsn: str) -> None:
    insert(office, "1 | 10 | 2024-02-01 10:00")
    office.patch.setenv(VARIABLE, dsn)
    office.patch.setenv("MENTORLIFT_DEBUG", "1")
    left, said = office.command("pull")
    assert left in {3, 8} and "fix:" in said and len(said.splitlines()) == 2
    assert SECRET not in said


def test_wrong_password(office: Office) -> None:
    office.sql("alter role reader password 'another'")
    refused(office, "refuses the login", VARIABLE, code=8)
    office.sql(f"alter role reader password '{SECRET}'")


def test_no_such_user(office: Office) -> None:
    office.login(user="nobody")
    refused(office, "refuses the login", code=8)


def test_no_such_database(office: Office) -> None:
    office.login(dbname="elsewhere")
    refused(office, "no such database", code=8)


def test_nobody_listens(office: Office) -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        office.login(host="127.0.0.1", port=free.getsockname()[1])
        refused(office, "cannot be reached", code=8)


def test_host_unknown(office: Office) -> None:
    office.login(host="no-such-host.invalid")
    refused(office, "cannot be reached", code=8)


def test_the_server_never_answers(office: Office) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        office.login(host="127.0.0.1", port=silent.getsockname()[1], connect_timeout=2)
        refused(office, "did not answer in time", code=8)


def test_the_connection_is_ended_while_reading(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert(office, *(f"{n} | 1 | 2024-02-01 10:00" for n in range(9)))
    end_connection_after_first_rows(office, monkeypatch)
    refused(office, "nothing was stored", code=8)


def query(office: Office, text: str, **changes: Any) -> None:
    office.declare(table=None, query_file="kpi.sql", **changes)
    (office.project / "kpi.sql").write_text(text)


def test_the_server_is_too_slow(office: Office) -> None:
    insert(office, "1 | 10 | 2024-02-01 10:00")
    slow = "select id, month, sales, updated_at, pg_sleep(9)::text from hr.kpi"
    query(
        office,
        slow.replace("sales,", "sales + length(pg_sleep(9)::text) as sales,"),
        timeout_seconds=1,
    )
    refused(office, "longer than 1 s", code=8)


def test_no_such_table(office: Office) -> None:
    office.declare(table="hr.kpis")
    refused(office, "there is no table hr.kpis", code=3)


def test_no_right_to_read(office: Office) -> None:
    office.sql("revoke all on hr.kpi from reader")
    refused(office, "may not read the table hr.kpi", code=8)


def test_no_right_to_a_column(office: Office) -> None:
    office.declare(columns=["month", "sales", "secret_note"])
    refused(office, "or a column of it", code=8)


def test_no_such_column(office: Office) -> None:
    office.declare(columns=["month", "sale"])
    refused(office, "has no column 'sale'", "Did you mean 'sales'", code=3)


def test_a_column_that_is_not_a_value(office: Office) -> None:
    office.sql("alter table hr.kpi add tags text[], add extra jsonb, add pay money")
    office.sql("grant select on hr.kpi to reader")
    for column, kind in [("tags", "text[]"), ("extra", "jsonb"), ("pay", "money")]:
        office.declare(columns=["month", "sales", column])
        refused(office, f"column {column!r} is {kind}", "query_file", code=3)


def test_updated_at_that_is_no_time(office: Office) -> None:
    office.declare(updated_at="sales")
    refused(office, "updated_at 'sales' is numeric", code=3)


def test_rows_without_any_time_of_change(office: Office) -> None:
    insert(office, "1 | 10 | null")
    refused(office, "no row holds a time", code=4)


@pytest.mark.parametrize(
    "text",
    [
        "select 1) as pulled; commit; drop table hr.kpi; --",
        "delete from hr.kpi returning *",
        "with gone as (delete from hr.kpi returning *) select * from gone",
        "select nonsense from",
    ],
)
def test_a_query_can_only_read(office: Office, text: str) -> None:
    office.sql("grant all on hr.kpi to reader")
    insert(office, "1 | 10 | 2024-02-01 10:00")
    query(office, text)
    refused(office, "the query kpi.sql", code=3)
    assert office.sql("select count(*) from hr.kpi") == [(1,)]


def test_a_function_that_writes_is_refused(office: Office) -> None:
    insert(office, "1 | 10 | 2024-02-01 10:00")
    office.sql(
        "create function hr.touch() returns int language sql security definer "
        "as 'update hr.kpi set sales = 0 returning 1'"
    )
    query(office, "select id, month, sales + hr.touch() as sales, updated_at from hr.kpi")
    refused(office, "tries to change something", code=3)
    assert office.sql("select sales from hr.kpi")[0][0] == 10


def test_the_driver_is_not_installed(office: Office) -> None:
    office.patch.setitem(sys.modules, "psycopg", None)
    refused(office, "driver that is not installed", "pip install 'mentorlift[postgres]'", code=3)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"dsn": f"postgresql://reader:{SECRET}@host/db"}, "never stands in the project file"),
        ({"password": SECRET}, "never stands in the project file"),
        ({"dsn_env": f"postgresql://reader:{SECRET}@host/db"}, "names an environment variable"),
        ({"query_file": "kpi.sql"}, "either table or query_file"),
        ({"columns": []}, "columns"),
    ],
)
def test_credentials_in_the_project_file_are_refused(
    office: Office, changes: dict[str, Any], expected: str
) -> None:
    office.declare(**changes)
    left, said = office.command("pull")
    assert left == 3 and expected in said and SECRET not in said


def test_a_pulled_source_names_its_own_files(office: Office) -> None:
    from pipelines.config import Settings

    source = {"name": "kpi", "postgres": {"dsn_env": "X", "table": "t", "columns": ["a"]}}
    made = Settings.model_validate({**SETTINGS, "sources": [{**source, "loads": [LOAD]}]})
    assert made.sources[0].file == "kpi/kpi_*.parquet"
    with pytest.raises(ValueError, match="a pull names its own files"):
        Settings.model_validate(
            {**SETTINGS, "sources": [{**source, "file": "x.csv", "loads": [LOAD]}]}
        )


def test_a_damaged_file_is_named(office: Office) -> None:
    insert(office, "1 | 10 | 2024-02-01 10:00")
    office.pull()
    path = office.data / "kpi" / office.files()[0]
    path.write_bytes(path.read_bytes()[:-10])
    left, said = office.command("pull")
    assert left == 4 and path.name in said and "backup" in said


def test_the_error_holds_no_secret_either(office: Office) -> None:
    """Not in its text, its arguments, nor in the errors behind it."""
    from pipelines.config import load_project
    from pipelines.pull import pull

    office.login(user="nobody")
    with pytest.raises(UserError) as caught:
        pull(load_project(office.project), office.data, print)
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in repr(error) + str(vars(error))
        error = error.__context__
