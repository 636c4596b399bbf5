"""A run of several systems: persons are joined, and names, mails and numbers stay apart."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from pipelines.engine import Engine
from tests.flows.test_diff import EXACT, headlines, said
from tests.flows.test_diff_small import run_of

if TYPE_CHECKING:
    from tests.flows.conftest import Firm

SECRETS = (b"E0042", b"quaxelrod", b"Zbigniewa", b"zbigniewa", b"@firm.example")


def test_meetings_by_mail_give_the_same_report_as_by_number(firm: Firm, several: Firm) -> None:
    code, _, err = several.run()
    assert code == 0, err
    assert "identity: 60 persons from 180 identifiers, 1 identifiers unknown" in err
    (finding,) = json.loads((several.out / "findings.json").read_text())
    (take_up,) = [e for e in finding["estimates"] if e["role"] == "headline"]
    assert take_up["n_people"] == 60
    (run,) = (several.out / "runs").iterdir()
    reconciliation = json.loads((run / "work" / "reconciliation.json").read_text())
    assert reconciliation["identity"]["in_master"] == 60
    (meetings,) = [f for f in reconciliation["files"] if f["file"] == "meetings.csv"]
    assert meetings["loads"][0]["quarantine_rules"] == {"unknown person: person_id": 1}


def test_names_mails_and_numbers_are_in_the_private_folder_alone(several: Firm) -> None:
    code, out, err = several.run()
    assert code == 0
    private = several.out / "private"
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    for path in sorted(several.out.rglob("*")):
        if path.is_file() and private not in path.parents:
            content = path.read_bytes()
            assert not [s for s in SECRETS if s in content], path.name
    assert not [s for s in SECRETS if s.decode() in out + err]
    stored = (private / "identity.duckdb").read_bytes()
    assert b"quaxelrod0042@firm.example" in stored
    with Engine.open(private / "identity.duckdb", read_only=True) as engine:
        assert engine.scalar("select count(*) from person where in_master") == 60


def test_a_killed_run_leaves_nothing_half_written_in_the_private_folder(several: Firm) -> None:
    code, _, _ = several.run_apart(MENTORLIFT_FAULT="settle-written")
    assert code == -9
    private = several.out / "private"
    assert not (private / "identity.duckdb").exists()
    (private / "spilled").mkdir()
    (private / "spilled" / "duckdb_temp.tmp").write_bytes(b"quaxelrod")
    assert several.run()[0] == 0
    assert sorted(p.name for p in private.iterdir()) == [
        "identity.duckdb",
        "identity_review.csv",
        "shown",
    ]


def test_a_decision_of_the_owner_makes_another_run(several_answered: Firm) -> None:
    several = several_answered
    review = (several.out / "private" / "identity_review.csv").read_text()
    decided = several.project / "mappings" / "identity_review.csv"
    decided.parent.mkdir()
    decided.write_text(
        review + "x,,mail,coach@out.example,employee_no,E0001,,,same,owner,2026-01-02\n"
    )
    code, _, err = several.run()
    assert code == 0 and "0 identifiers unknown" in err
    assert len(list((several.out / "runs").iterdir())) == 2


def test_who_an_unknown_address_belongs_to_is_the_difference_of_two_runs(several: Firm) -> None:
    """The meetings stood in quarantine before the decision, and stand nowhere else.

    Ten people met nobody else: the answer is renewed.
    """
    path = several.data / "meetings.csv"
    strangers = [f"guest{n}@out.example,2025-04-01" for n in range(9)]
    path.write_text("\n".join([path.read_text(), *strangers]))
    addresses = ["coach@out.example", *(line.split(",")[0] for line in strangers)]
    first, before = run_of(several), headlines(several.out / "findings.json")
    review = (several.out / "private" / "identity_review.csv").read_text()
    decided = several.project / "mappings" / "identity_review.csv"
    decided.parent.mkdir()
    decided.write_text(
        review
        + "".join(
            f"x{n},,mail,{mail},employee_no,E{6 * n:04d},,,same,owner,2026-01-02\n"
            for n, mail in enumerate(addresses)
        )
    )
    second, after = run_of(several), headlines(several.out / "findings.json")
    code, out, err = said(first, second, "--out", str(several.out), "--json")
    assert code == 0, err
    ((part,),) = [study["parts"] for study in json.loads(out)["studies"]]
    assert part["causes"] == ["identity"]
    assert part["contribution"] == pytest.approx(after["sales"] - before["sales"], abs=EXACT)
