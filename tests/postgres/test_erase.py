"""A person of a database is erased: pulled files lose them, and no pull brings them back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipelines.engine import Engine
from pipelines.erasure.pulled import alone
from pipelines.publish import resolve
from tests.flows.conftest import command
from tests.postgres.conftest import rows
from tests.postgres.test_pull import ids, insert

if TYPE_CHECKING:
    from tests.postgres.conftest import Office


def people(office: Office) -> int:
    """People in the warehouse in service."""
    with Engine.open(resolve(office.folder / "out" / "warehouse"), read_only=True) as engine:
        return int(engine.scalar("select count(*) from staging.person"))


def test_a_pulled_person_is_erased_and_no_pull_brings_them_back(office: Office) -> None:
    insert(office, "10001 | 10 | 2024-02-01 10:00", "10002 | 20 | 2024-02-05 10:00")
    insert(office, "10003 | 30 | 2024-02-05 11:00")
    assert office.command("run")[0] == 0 and people(office) == 3
    (name,) = office.files()
    places = ["--project", str(office.project), "--data", str(office.data)]
    out = ["--out", str(office.folder / "out"), "--json"]
    code, told, err = command("erase", "10002", *places, *out)
    assert code == 0, err
    file = office.data / "kpi" / name
    assert json.loads(told)["rewritten"] == [str(file)] and office.files() == [name]
    assert ids(rows(file)) == ["10001", "10003"] and people(office) == 2
    # Within the overlap the row would be read again; changed, it would come as a new one.
    assert office.pull() is None
    office.sql("update hr.kpi set sales = 21, updated_at = '2024-02-06 10:00' where id = 10002")
    insert(office, "10004 | 40 | 2024-02-07 10:00")
    assert office.command("run")[0] == 0
    assert [ids(rows(office.data / "kpi" / n)) for n in office.files()[1:]] == [["10004"]]
    assert people(office) == 3


def test_a_pulled_file_of_the_person_alone_goes_and_its_rows_do_not_return(office: Office) -> None:
    insert(office, "10001 | 10 | 2024-02-01 10:00")
    office.pull()
    insert(office, "10002 | 20 | 2024-02-05 10:00")
    assert office.command("run")[0] == 0
    first, second = office.files()
    places = ["--project", str(office.project), "--data", str(office.data)]
    code, told, err = command("erase", "10002", *places, "--out", str(office.folder / "out"))
    assert code == 0, err
    assert second in told and office.files() == [first] and people(office) == 1
    assert office.pull() is None


def test_an_erasure_does_not_begin_while_a_pull_reads_the_person(office: Office) -> None:
    """It would put the rows into a file after nothing was found."""
    insert(office, "10001 | 10 | 2024-02-01 10:00", "10002 | 20 | 2024-02-05 10:00")
    assert office.command("run")[0] == 0
    places = ["--project", str(office.project), "--data", str(office.data)]
    asked = ["erase", "10002", *places, "--out", str(office.folder / "out")]
    with alone(office.data / "kpi"):  # as a pull holds it
        code, _, err = command(*asked)
    assert code == 5 and "another pull is writing there" in err
    assert not (office.folder / "out/private/tombstones.json").exists()
    assert command(*asked)[0] == 0 and people(office) == 1
