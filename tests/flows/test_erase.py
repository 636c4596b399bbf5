"""A person is erased: no byte of what was made leads to them, and no delivery brings them back."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest
import yaml

from pipelines.backup import listed
from pipelines.engine import Engine
from pipelines.erasure.search import Token, search
from pipelines.publish import resolve
from tests.flows.conftest import KEY, command, command_apart

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flows.conftest import Firm

GONE = "E0042"


def erase(firm: Firm, *options: str) -> tuple[int, str, str]:
    """The command, on the small firm."""
    return command(*firm.erasing(*options))


def pseudonym(anchor: str) -> bytes:
    """What stands for a person in the warehouse, made here by the definition in the README."""
    return hmac.new(bytes.fromhex(KEY), f"person:{anchor}".encode(), hashlib.sha256).digest()[:16]


def traces(folder: Path, *texts: str, anchor: str = GONE) -> list[str]:
    """Files below a folder that hold a text or the pseudonym of the person, packed or not."""
    made = pseudonym(anchor)
    wanted = [t.encode().lower() for t in texts] + [made.hex().encode()]
    wanted += [base64.b64encode(made)[:22].lower(), made.lower()]
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        contents = [path.read_bytes()]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                contents = [packed.read(name) for name in packed.namelist()]
        if any(w in c.lower() for w in wanted for c in contents):
            found.append(path.relative_to(folder).as_posix())
    return found


def people(firm: Firm) -> int:
    """People in the warehouse in service."""
    with Engine.open(resolve(firm.out / "warehouse"), read_only=True) as engine:
        return int(engine.scalar("select count(*) from staging.person"))


def loads(firm: Firm, run: str) -> dict[str, dict[str, object]]:
    """The reconciliation of a run, by file."""
    told = json.loads((firm.out / "runs" / run / "work" / "reconciliation.json").read_text())
    return {file["file"]: file["loads"][0] for file in told["files"]}


def test_nothing_of_an_erased_person_is_left_and_no_delivery_brings_them_back(firm: Firm) -> None:
    firm.edit("sales.csv", f"{GONE},2025-03,", f"{GONE},the third,")  # a row for the quarantine
    assert firm.run()[0] == 0
    firm.edit("sales.csv", "E0000,2025-03,99", "E0000,2025-03,98")
    assert firm.run()[0] == 0
    before = traces(firm.out, GONE)
    assert "quarantine/sales.xlsx" in before
    assert len([p for p in before if p.startswith("warehouse/")]) == 2
    code, out, err = erase(firm, GONE, "--reason", "asked for it", "--on", "2026-02-03", "--json")
    assert code == 0, err
    made = json.loads(out)
    assert traces(firm.out, GONE) == [] and GONE not in out + err
    assert people(firm) == 59 and made["persons"] == 1 and made["remaining"] == []
    assert len([p for p in made["removed"] if "warehouse-" in p]) == 2
    sales = loads(firm, made["run"])["sales.csv"]
    assert sales["excluded"] == {"erased": 6} and sales["quarantined"] == 0
    assert sales["rows_in"] == 360 and sales["loaded"] == 354
    # The same delivery again, and a new one that still holds the person.
    code, _, err = firm.run()
    assert code == 0 and "nothing has changed" in err
    firm.edit("sales.csv", "E0000,2025-03,98", "E0000,2025-03,97")
    assert firm.run()[0] == 0
    assert traces(firm.out, GONE) == [] and people(firm) == 59


def test_tombstones_say_nothing_and_hold_for_their_key_alone(answered: Firm, key: Path) -> None:
    firm = answered
    code, _, err = erase(firm, GONE, "E9999")
    assert code == 4 and "The 2. person: nobody is known by this here." in err
    assert "E9999" not in err and not (firm.out / "private" / "tombstones.json").exists()
    assert erase(firm, GONE)[0] == 0
    file = firm.out / "private" / "tombstones.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {p.name for p in (firm.out / "private").iterdir()} == {"tombstones.json", "shown"}
    (person,) = json.loads(file.read_text())["persons"]
    assert person["on"] is None and all(len(h) == 64 for h in person["identifiers"])
    assert hashlib.sha256(GONE.encode()).hexdigest() not in file.read_text()
    key.write_text("f" * 64 + "\n")
    code, _, err = firm.run()
    assert code == 3 and "made with another key" in err


def test_all_of_a_persons_identifiers_go_and_what_others_share_stays(several: Firm) -> None:
    several.edit("sales.csv", f"{GONE},2025-03,", f"{GONE},the third,")
    assert several.run()[0] == 0
    mail = "quaxelrod0042@firm.example"
    assert "private/identity.duckdb" in traces(several.out, mail)
    code, out, err = erase(several, "Quaxelrod0042@Firm.example")  # by mail, in other letters
    assert code == 0, err
    assert traces(several.out, mail, GONE, "fam42") == []
    with Engine.open(several.out / "private" / "identity.duckdb", read_only=True) as engine:
        assert engine.scalar("select count(*) from person") == 59
        assert engine.scalar("select count(*) from link") == 59 * 3
    # The personnel file no longer has the person: the mail in the meetings is known all the same.
    several.edit("workers.csv", f"{GONE},{mail},Zbigniewa,Fam42\n", "")
    code, _, err = several.run()
    assert code == 0, err
    assert traces(several.out, mail, GONE, "fam42") == [] and people(several) == 59
    assert "searched: " in out and "quaxelrod" not in out + err


def test_whoever_was_mentor_or_manager_is_taken_out_of_the_rows_of_others(firm: Firm) -> None:
    path = firm.project / "mentorlift.yml"
    project = yaml.safe_load(path.read_text())
    columns = {"mentee_id": "who", "mentor_id": "by", "matched_on": "day"}
    load = {"table": "matches", "columns": columns, "constants": {"programme": "SALES"}}
    project["sources"].append(
        {"name": "pairs", "file": "pairs.csv", "delivered_on": "2025-12-31", "loads": [load]}
    )
    path.write_text(yaml.safe_dump(project))
    rows = ["who,by,day", "E0002,M0001,2025-03-20", "E0004,M0002,2025-03-20"]
    (firm.data / "pairs.csv").write_text("\n".join([*rows, "E0006,M0002,the first"]) + "\n")
    assert firm.run()[0] == 0
    held = "quarantine/pairs.xlsx"
    assert held in traces(firm.out, "M0002")
    code, out, err = erase(firm, "M0002", "--json")
    assert code == 0, err
    made = pseudonym("M0002").hex()
    for path in (p for p in firm.out.rglob("*") if p.is_file()):
        assert made.encode() not in path.read_bytes(), path
    assert (firm.out / held).exists() and held not in traces(firm.out, "M0002")
    pairs = loads(firm, json.loads(out)["run"])["pairs.csv"]
    assert pairs["loaded"] == 2 and pairs["blanked"] == {"erased: mentor_id": 1}
    with Engine.open(resolve(firm.out / "warehouse"), read_only=True) as engine:
        found = engine.rows("select mentor_id is null from landed.matches order by _seq")
    assert found == [(False,), (True,)]


@pytest.mark.parametrize(
    "fault",
    [
        "settle-placed:erasing.json",  # before the tombstone is set
        "erase-recorded",
        "publish-switched",
        "erase-rebuilt",
    ],
)
def test_an_erasure_that_was_killed_ends_when_begun_again(answered: Firm, fault: str) -> None:
    firm = answered
    assert command_apart(*firm.erasing(GONE), MENTORLIFT_FAULT=fault)[0] == -9
    _, _, err = firm.run()
    assert "an erasure was begun and has not ended" in err
    code, _, err = erase(firm)  # whom it was about need not be said again
    assert code == 0 and "has not ended" not in err, err
    assert traces(firm.out, GONE) == [] and people(firm) == 59
    assert not (firm.out / "private" / "erasing.json").exists()


def test_listed_backups_are_named_and_removed_only_when_told(firm: Firm) -> None:
    copy = firm.project.parent / "backup"
    firm.edit("mentorlift.yml", "retention:", f"backups: [{copy}]\nretention:")
    firm.run()
    copy.mkdir()
    (copy / "old.duckdb").write_bytes(resolve(firm.out / "warehouse").read_bytes())
    code, out, err = erase(firm, GONE)
    assert code == 13, err
    assert f"STILL THERE: {copy}" in out and "--yes" in err
    code, out, _ = erase(firm, "--yes")
    assert code == 0 and not copy.exists() and f"removed: {copy}" in out


def test_backups_that_were_made_of_the_folder_count_as_listed(answered: Firm) -> None:
    archive = answered.project.parent / "saved.tar"
    archive.write_bytes(b"packed")
    moved = listed.Backup(str(answered.project.parent / "moved.tar"), "a", "b")
    made = listed.Backup(str(archive), "a", "b")
    listed.write(answered.out / "private", [moved, made])
    code, out, err = erase(answered, GONE)
    assert code == 13, err
    assert f"STILL THERE: {archive}" in out and "moved.tar" not in out
    assert erase(answered, "--yes")[0] == 0 and not archive.exists()


def test_backups_that_hold_the_project_are_refused(firm: Firm) -> None:
    firm.edit("mentorlift.yml", "retention:", "backups: [..]\nretention:")
    firm.run()
    code, _, err = erase(firm, GONE, "--yes")
    assert code == 3 and "backups.0" in err and firm.data.exists()


def test_where_deliveries_are_gone_the_landed_rows_are_copied_without_the_person(
    several_answered: Firm,
) -> None:
    several = several_answered
    (several.data / "sales.csv").unlink()
    mail = "quaxelrod0042@firm.example"
    code, out, err = erase(several, GONE, "--json")
    assert code == 0, err
    assert traces(several.out, mail, GONE, "fam42") == [] and people(several) == 59
    sales = loads(several, json.loads(out)["run"])["sales.csv"]
    assert (sales["loaded"], sales["excluded"], sales["rows_in"]) == (354, {"erased": 6}, 360)
    with Engine.open(several.out / "private" / "identity.duckdb", read_only=True) as engine:
        assert engine.scalar("select count(*) from link") == 59 * 3
    with Engine.open(resolve(several.out / "warehouse"), read_only=True) as engine:
        assert engine.scalar("select count(*) from landed.performance") == 354
        counted = "select loaded, excluded from landed.deliveries where file = 'sales.csv'"
        assert engine.rows(counted) == [(354, 6)]


def test_whoever_left_before_the_retention_period_is_erased(firm: Firm) -> None:
    path = firm.project / "mentorlift.yml"
    project = yaml.safe_load(path.read_text())
    columns = {"person_id": "who", "hired_on": "from", "exited_on": "to"}
    load = {"table": "employment", "columns": columns}
    project["sources"].append(
        {"name": "staff", "file": "staff.csv", "delivered_on": "2025-12-31", "loads": [load]}
    )
    path.write_text(yaml.safe_dump(project))
    # 24 months before the last delivery is 2023-12-31; the last of them was hired again.
    rows = ["X1,2019-01-01,2023-12-30", "X2,2019-01-01,2023-12-31", "X3,2019-01-01,2020-01-01"]
    rows += ["X3,2024-01-01,", *(f"E{number:04d},2020-01-01," for number in range(60))]
    (firm.data / "staff.csv").write_text("\n".join(["who,from,to", *rows]) + "\n")
    code, _, err = firm.run()
    assert code == 0 and "run `mentorlift erase --expired`" in err
    code, out, err = erase(firm, "--expired", "--json")
    assert code == 0, err
    assert json.loads(out)["persons"] == 1
    kept = {anchor: pseudonym(anchor).hex().encode() for anchor in ("X1", "X2", "X3")}
    content = resolve(firm.out / "warehouse").read_bytes()
    assert [anchor for anchor, made in kept.items() if made in content] == ["X2", "X3"]
    assert traces(firm.out, anchor="X1") == [] and "erase --expired" not in err + firm.run()[2]


def test_the_search_sees_deleted_rows_and_packed_cells(tmp_path: Path) -> None:
    file = tmp_path / "deleted.duckdb"
    with Engine.open(file) as engine:
        engine.run("create table t as select 'p' || range || '@firm.example' as m from range(500)")
        engine.checkpoint()
        engine.run("delete from t where m = 'p317@firm.example'")
        engine.checkpoint()
        assert engine.scalar("select count(*) from t where m = 'p317@firm.example'") == 0
    assert [h.kind for h in search([file], [Token("mail", "P317@firm.example")])] == ["mail"]
    # 17@firm.example ends 17 others: nobody's row.
    assert search([file], [Token("mail", "17@firm.example")]) == []
    packed = tmp_path / "book.xlsx"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("sheet.xml", "<t>104711</t><t>0.104722</t><t>9104733</t>")
    told = [
        bool(search([packed], [Token("identifier", n)])) for n in ("104711", "104722", "104733")
    ]
    assert told == [True, False, False]
