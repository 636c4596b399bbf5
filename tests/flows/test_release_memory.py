"""Reports month after month in one folder: an answer is renewed where many came or went."""

from __future__ import annotations

import hmac
import json
from itertools import combinations
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import openpyxl

from tests.flows.conftest import KEY, Firm, command, write_exports

if TYPE_CHECKING:
    from pathlib import Path

FEW = 10  # the smallest group shown


def without(firm: Firm, people: int) -> None:
    """The exports as they were, but without the first so many of those who did not win."""
    write_exports(firm.data)
    gone = {f"E{2 * n + 1:04d}" for n in range(people)}
    for name in ("funnel.csv", "sales.csv"):
        lines = (firm.data / name).read_text().splitlines()
        kept = [line for line in lines if line.split(",")[0] not in gone]
        (firm.data / name).write_text("\n".join(kept) + "\n")


def shown(firm: Firm) -> dict[str, Any]:
    """The finding of the run, without the run and what is compared with the last report."""
    code, _, err = firm.run()
    assert code in (0, 9), err
    (finding,) = json.loads((firm.out / "findings.json").read_text())
    return dict(finding)


def figures(finding: dict[str, Any]) -> dict[str, Any]:
    """All that a finding says of people."""
    about = ("estimates", "diagnostics", "balance", "curves", "interactions", "grade", "reasons")
    return {name: finding[name] for name in about}


def headline(finding: dict[str, Any]) -> float | None:
    (found,) = [e["estimate"] for e in finding["estimates"] if e["role"] == "headline"]
    return None if found is None else float(found)


def entries(firm: Firm) -> list[dict[str, Any]]:
    """What each run of the folder has written down, oldest first."""
    found = [json.loads(p.read_text()) for p in (firm.out / "private/shown").glob("*.json")]
    return sorted(found, key=lambda e: int(e["number"]))


def sets_shown(firm: Firm) -> dict[str, list[frozenset[int]]]:
    """Of each cell the different sets of people behind what any run printed."""
    made: dict[str, list[frozenset[int]]] = {}
    for entry in entries(firm):
        for cell in (c for s in entry["studies"] for c in s["cells"]):
            content = (firm.out / "private/shown/sets" / cell["set"]).read_bytes()
            people = frozenset(np.frombuffer(content, "<u8").tolist())
            known = made.setdefault(cell["cell"], [])
            if people not in known:
                known.append(people)
    return made


def test_one_leaver_a_month_freezes_the_answer_until_ten_have_gone(firm: Firm) -> None:
    first = shown(firm)
    assert "standing" not in first
    for gone in (1, 9):
        without(firm, gone)
        later = shown(firm)
        assert figures(later) == figures(first)
        told = later["standing"]
        assert (told["verdict"], told["first_shown_in"]) == ("frozen", first["hashes"]["run"])
    without(firm, 10)
    fresh = shown(firm)
    assert "standing" not in fresh
    assert headline(fresh) != headline(first)
    without(firm, 11)
    assert figures(shown(firm)) == figures(fresh)
    for cell, people in sets_shown(firm).items():
        for a, b in combinations(people, 2):
            assert len(a ^ b) >= FEW, cell


def test_the_report_says_what_stands_since_when_and_why(firm: Firm) -> None:
    first = shown(firm)
    without(firm, 1)
    code, said, _ = firm.run()
    assert code in (0, 9)
    assert "; not renewed, as of 2025-12-31" in said
    page = (firm.out / "report.html").read_text().replace("\xa0", " ")
    assert '<span class="mark">Not renewed</span>' in page
    assert "This is the answer as of 31 Dec 2025. Not made anew: fewer than 10 people" in page
    assert f"the answer of run {first['hashes']['run']}, as of 31 Dec 2025, stands" in page
    assert "<b>not renewed, as of 31 Dec 2025</b>" in page  # since the last report
    with duckdb.connect(str(firm.out / "analyst.duckdb"), read_only=True) as file:
        sql = "select standing, first_shown_in, not_renewed from results.findings"
        ((verdict, run, why),) = file.execute(sql).fetchall()
        ((change,),) = file.execute("select change from results.changes").fetchall()
    assert (verdict, run, change) == ("frozen", first["hashes"]["run"], "not_renewed")
    assert "fewer than 10 people came or went" in why
    book = openpyxl.load_workbook(firm.out / "report.xlsx", read_only=True)
    held = [
        row[1:] for row in book["Provenance"].iter_rows(values_only=True) if row[0] == "Held back"
    ]
    assert held == [("sales", why)]


def test_a_run_that_was_killed_or_is_made_again_decides_as_it_did_at_first(firm: Firm) -> None:
    shown(firm)
    without(firm, 12)
    code, _, _ = firm.run_apart(MENTORLIFT_FAULT="estimate-before-mark")
    assert code < 0
    second = shown(firm)
    assert "standing" not in second
    page = (firm.out / "report.html").read_bytes()
    kept = {p.name: p.read_bytes() for p in (firm.out / "private/shown").glob("*.json")}
    without(firm, 14)
    third = shown(firm)
    assert third["standing"]["first_shown_in"] == second["hashes"]["run"]
    without(firm, 12)
    shown(firm)
    assert (firm.out / "report.html").read_bytes() == page
    now = {p.name: p.read_bytes() for p in (firm.out / "private/shown").glob("*.json")}
    assert kept.items() <= now.items()


def test_a_renamed_study_meets_the_same_memory(firm: Firm) -> None:
    """Amended, so that the registry lets it through: nearly the same people are not shown."""
    first = shown(firm)
    without(firm, 1)
    amended = "study: revenue\namended: the name is clearer"
    firm.edit("studies/sales.yml", "study: sales", amended)
    (firm.project / "studies/sales.yml").rename(firm.project / "studies/revenue.yml")
    other = shown(firm)
    assert other["registration"]["state"] == "amended"
    assert other["standing"]["verdict"] == "hidden"
    assert headline(other) is None
    assert str(headline(first)) not in json.dumps(other)
    assert not any(e["n_people"] for e in other["estimates"])
    assert {d["display"] for d in other["diagnostics"]} == {"not shown"}
    without(firm, 0)
    again = shown(firm)  # the same people as at first: nothing new is told
    assert "standing" not in again
    assert headline(again) == headline(first)


def test_published_data_have_no_memory(firm: Firm) -> None:
    firm.edit(
        "mentorlift.yml", "retention: {months: 24}", "retention: {months: 24}\ndisclosure: public"
    )
    firm.edit("mentorlift.yml", "title: Little Firm", "title: Little Firm\nnote: Published data.")
    first = shown(firm)
    without(firm, 1)
    assert headline(shown(firm)) != headline(first)
    assert not (firm.out / "private").exists()


def test_another_key_compares_nothing_and_says_so(firm: Firm, key: Path) -> None:
    shown(firm)
    key.write_text("fedcba9876543210" * 4 + "\n")
    code, _, err = firm.run()
    assert code == 3
    assert "another key" in err


def test_an_erased_person_leaves_every_set_and_counts_as_a_change_for_ever(firm: Firm) -> None:
    first = shown(firm)
    folders = ("--project", str(firm.project), "--data", str(firm.data), "--out", str(firm.out))
    code, _, err = command("erase", "E0041", *folders)
    assert code == 0, err
    after = shown(firm)
    assert figures(after) == figures(first)  # one person less: the answer is not made anew
    assert after["standing"]["first_shown_in"] == first["hashes"]["run"]
    (told,) = [e for e in entries(firm) if e["run"] == first["hashes"]["run"]]
    assert sorted(c["erased"] for s in told["studies"] for c in s["cells"]) == [0, 0, 0, 1, 1]
    pseudonym = hmac.digest(bytes.fromhex(KEY), b"person:E0041", "sha256")[:16].hex()
    own = hmac.digest(bytes.fromhex(KEY), b"mentorlift: people behind what was shown", "sha256")
    token = hmac.digest(own, pseudonym.encode(), "sha256")[:8]
    files = [p for p in (firm.out / "private/shown").rglob("*") if p.is_file()]
    assert not [p for p in files if token in p.read_bytes()]
