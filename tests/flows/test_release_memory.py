"""Reports month after month in one folder: an answer is renewed where many came or went."""

from __future__ import annotations

import hmac
import json
import shutil
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import openpyxl
import pytest

from tests.disclosed import figures
from tests.flows.conftest import KEY, Firm, command, copied, own_key, write_exports
from tests.long_runs import LONG

if TYPE_CHECKING:
    from collections.abc import Iterator

FEW = 10  # the smallest group shown
WHY = "fewer than 10 people came, went or changed since it was last shown"


def without(firm: Firm, people: int) -> None:
    """The exports as they were, but without the first so many of those who did not win."""
    write_exports(firm.data)
    gone = {f"E{2 * n + 1:04d}" for n in range(people)}
    for name in ("funnel.csv", "sales.csv"):
        lines = (firm.data / name).read_text().splitlines()
        kept = [line for line in lines if line.split(",")[0] not in gone]
        (firm.data / name).write_text("\n".join(kept) + "\n")


def shown(firm: Firm) -> dict[str, Any]:
    """The finding of a run that is made now."""
    code, _, err = firm.run()
    assert code in (0, 9), err
    return last(firm)


def last(firm: Firm) -> dict[str, Any]:
    """The finding of the run in force."""
    (finding,) = json.loads((firm.out / "findings.json").read_text())
    return dict(finding)


def headline(finding: dict[str, Any]) -> float | None:
    (found,) = [e["estimate"] for e in finding["estimates"] if e["role"] == "headline"]
    return None if found is None else float(found)


def files(firm: Firm) -> dict[str, bytes]:
    """Everything the memory holds."""
    every = sorted((firm.out / "private/shown").rglob("*"))
    return {p.name: p.read_bytes() for p in every if p.is_file()}


def entries(firm: Firm) -> dict[str, dict[str, Any]]:
    """What each run of the folder has written down."""
    found = {name: json.loads(text) for name, text in files(firm).items() if name[-5:] == ".json"}
    return {entry["run"]: entry for entry in found.values()}


@dataclass(frozen=True)
class Months:
    """Five runs in a folder, and what was read from it in between.

    Of nobody gone; of one; of twelve, killed and begun again; of fourteen; of the twelve again.
    """

    firm: Firm
    found: tuple[dict[str, Any], ...]
    said: str  # on the console, when one had gone
    page: str
    rows: tuple[Any, ...]
    book: list[tuple[Any, ...]]
    twelve: tuple[bytes, dict[str, bytes]]  # the page, and the memory, after the third run


@pytest.fixture(scope="module")
def months(first_run: Firm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Months]:
    folder = tmp_path_factory.mktemp("months")
    firm = copied(first_run, folder)
    report = firm.out / "report.html"
    with own_key(folder):
        found = [last(firm)]
        without(firm, 1)
        _, said, _ = firm.run()
        found.append(last(firm))
        page = report.read_text().replace("\xa0", " ")
        with duckdb.connect(str(firm.out / "analyst.duckdb"), read_only=True) as file:
            sql = "select standing, first_shown_in, not_renewed from results.findings"
            rows = (*file.execute(sql).fetchall(), *file.table("results.changes").fetchall())
        book = openpyxl.load_workbook(firm.out / "report.xlsx", read_only=True)["Provenance"]
        without(firm, 12)
        assert firm.run_apart(MENTORLIFT_FAULT="estimate-before-mark")[0] < 0
        found.append(shown(firm))
        twelve = report.read_bytes(), files(firm)
        without(firm, 14)
        found.append(shown(firm))
        without(firm, 12)
        found.append(shown(firm))
        lines = list(book.iter_rows(values_only=True))
        yield Months(firm, tuple(found), said, page, rows, lines, twelve)


def test_one_leaver_leaves_the_answer_as_it_was_and_twelve_renew_it(months: Months) -> None:
    first, one, twelve, fourteen, _ = months.found
    assert "standing" not in first and "standing" not in twelve
    assert figures(one) == figures(first) and figures(fourteen) == figures(twelve)
    assert headline(twelve) != headline(first)
    for frozen, of in ((one, first), (fourteen, twelve)):
        told = frozen["standing"]
        assert (told["verdict"], told["first_shown_in"]) == ("frozen", of["hashes"]["run"])


def test_no_two_sets_of_people_behind_what_was_printed_differ_by_a_few(months: Months) -> None:
    held, made = files(months.firm), dict[str, list[frozenset[int]]]()
    for entry in entries(months.firm).values():
        for cell in (c for study in entry["studies"] for c in study["cells"]):
            people = frozenset(np.frombuffer(held[cell["set"]], "<u8").tolist())
            made.setdefault(cell["cell"], []).append(people)
    apart = [len(a ^ b) for sets in made.values() for a, b in combinations(set(sets), 2)]
    assert min(apart) >= FEW
    # Who did not win, in the third run; who took part; either arm, in the first.
    assert sorted({len(p) for sets in made.values() for p in sets}) == [18, 20, 30]


def test_a_run_that_was_killed_or_is_made_again_decides_as_it_did_at_first(months: Months) -> None:
    page, memory = months.twelve
    assert (months.firm.out / "report.html").read_bytes() == page
    assert memory.items() <= files(months.firm).items()
    assert len(entries(months.firm)) == 4


def test_the_report_says_what_stands_since_when_and_why(months: Months) -> None:
    run = months.found[0]["hashes"]["run"]
    assert "; not renewed, as of 2025-12-31" in months.said
    for text in (
        '<span class="mark">Not renewed</span>',
        f"This is the answer as of 31 Dec 2025. Not made anew: {WHY}",
        f"the answer of run {run}, as of 31 Dec 2025, stands",
        "<b>not renewed, as of 31 Dec 2025</b>",  # since the last report
    ):
        assert text in months.page
    finding, change = months.rows
    assert finding[:2] == ("frozen", run) and WHY in finding[2]
    assert "not_renewed" in change
    assert ("Held back", "sales", finding[2]) in months.book


def test_a_renamed_study_meets_the_same_memory(answered: Firm) -> None:
    """Amended, so that the registry lets it through: nearly the same people are not shown."""
    firm, first = answered, last(answered)
    without(firm, 1)
    firm.edit("studies/sales.yml", "study: sales", "study: revenue\namended: a clearer name")
    other = shown(firm)
    assert other["registration"]["state"] == "amended"
    assert other["standing"]["verdict"] == "hidden"
    assert headline(other) is None
    assert str(headline(first)) not in json.dumps(other)
    assert not any(e["n_people"] for e in other["estimates"])
    assert {d["display"] for d in other["diagnostics"]} == {"not shown"}
    without(firm, 0)
    again = shown(firm)  # the same people as at first: nothing new is told
    assert "standing" not in again and headline(again) == headline(first)


def test_a_metric_of_another_name_meets_the_same_memory(answered: Firm) -> None:
    """A new study by its words; its figures were shown before, of one person more."""
    firm, first = answered, last(answered)
    without(firm, 1)
    firm.edit("mentorlift.yml", "metric: revenue", "metric: turnover")
    firm.edit("studies/sales.yml", "study: sales", "study: turnover")
    firm.edit("studies/sales.yml", "metric: revenue", "metric: turnover")
    other = shown(firm)
    assert other["registration"]["state"] == "registered"
    assert other["standing"]["verdict"] == "hidden" and headline(first) is not None
    assert headline(other) is None


def test_a_metric_that_is_delivered_twice_meets_what_the_same_run_has_shown(firm: Firm) -> None:
    """The second study is of one person less, whose result the difference would be."""
    twice = firm.data / "sold.csv"
    lines = (firm.data / "sales.csv").read_text().splitlines(keepends=True)
    twice.write_text("".join(line for line in lines if not line.startswith("E0001,")))
    text = (firm.project / "mentorlift.yml").read_text()
    source = text[text.index("  - name: sales") : text.index("  - name: meetings")]
    source = source.replace("sales", "sold").replace("metric: revenue", "metric: sold")
    (firm.project / "mentorlift.yml").write_text(text + source)
    study = (firm.project / "studies/sales.yml").read_text()
    other = study.replace("study: sales", "study: sold").replace("metric: revenue", "metric: sold")
    (firm.project / "studies/sold.yml").write_text(other)
    assert firm.run()[0] in (0, 9)
    first, second = json.loads((firm.out / "findings.json").read_text())
    assert "standing" not in first and headline(first) is not None
    assert second["standing"]["verdict"] == "hidden" and headline(second) is None


def test_a_report_of_a_study_that_had_another_name_is_remembered(firm: Firm) -> None:
    """Its folder is called after the first name; the next report of the project knows it."""
    assert firm.run("--study", "sales")[0] == 0
    assert (firm.out.with_name("out-sales") / "private/shown").is_dir()
    without(firm, 1)
    firm.edit("studies/sales.yml", "study: sales", "study: revenue\namended: a clearer name")
    assert shown(firm)["standing"]["verdict"] == "hidden"


def test_an_erased_person_leaves_every_set_and_counts_as_a_change_for_ever(answered: Firm) -> None:
    firm, first = answered, last(answered)
    code, _, err = command(*firm.erasing("E0041"))
    assert code == 0, err
    (after,) = json.loads((firm.out / "findings.json").read_text())
    assert figures(after) == figures(first)  # one person less: the answer is not made anew
    assert after["standing"]["first_shown_in"] == first["hashes"]["run"]
    told = entries(firm)[first["hashes"]["run"]]
    assert sum(c["erased"] for s in told["studies"] for c in s["cells"]) == 2  # of two sets
    assert not holding("E0041", firm)


def holding(person: str, firm: Firm) -> list[str]:
    """Files of the memory that hold the token of a person, by its documented making."""
    pseudonym = hmac.digest(bytes.fromhex(KEY), f"person:{person}".encode(), "sha256")[:16].hex()
    own = hmac.digest(bytes.fromhex(KEY), b"mentorlift: people behind what was shown", "sha256")
    token = hmac.digest(own, pseudonym.encode(), "sha256")[:8]
    return [name for name, content in files(firm).items() if token in content]


@pytest.mark.parametrize(
    "kept",
    ["the warehouse before", "nothing but the memory"] if LONG else ["nothing but the memory"],
)
def test_who_is_in_no_delivery_any_more_can_still_be_erased(answered: Firm, kept: str) -> None:
    """Taken out of the exports first, the person stands in what was made before."""
    firm = answered
    without(firm, 1)
    after = shown(firm)
    assert holding("E0001", firm)
    if kept == "the warehouse before":
        shutil.rmtree(firm.out / "private/shown")
    else:
        for path in (firm.out / "warehouse").glob("*.duckdb"):
            if after["hashes"]["run"] not in path.name:
                path.unlink()
    for record in (firm.out / "runs").glob("*/record.json"):
        if kept == "the warehouse before":
            record.unlink()
    code, said, err = command(*firm.erasing("E0001"))
    assert code == 0, said + err
    assert not holding("E0001", firm)
    assert len(list((firm.out / "warehouse").glob("*.duckdb"))) == 1
    if kept == "nothing but the memory":
        write_exports(firm.data)  # the old files come back
        assert firm.run()[0] == 0
        assert not holding("E0001", firm)


def test_one_corrected_figure_is_as_good_as_a_person_who_left(answered: Firm) -> None:
    firm, first = answered, last(answered)
    firm.edit("sales.csv", "E0000,2025-05,", "E0000,2025-05,9")
    assert figures(shown(firm)) == figures(first)
    for number in range(0, 40, 2):
        firm.edit("sales.csv", f"E{number:04d},2025-04,", f"E{number:04d},2025-04,1")
    many = shown(firm)
    assert "standing" not in many and headline(many) != headline(first)


def test_a_memory_that_is_gone_stops_the_next_run(answered: Firm) -> None:
    """Its report would differ from the last one by a single person."""
    firm, run = answered, last(answered)["hashes"]["run"]
    (firm.out / f"private/shown/{run}.json").unlink()
    without(firm, 1)
    page = (firm.out / "report.html").read_bytes()
    code, _, err = firm.run()
    assert code != 0 and f"{run}.json: what a run showed of whom is gone" in err
    assert (firm.out / "report.html").read_bytes() == page
    record = firm.out / f"runs/{run}/record.json"  # as the version before wrote it
    told = json.loads(record.read_text())
    assert told.pop("remembered") is True
    record.write_text(json.dumps(told))
    code, _, err = firm.run()
    assert code == 0 and "warning: the last report is of an earlier version" in err


def test_published_data_have_no_memory(firm: Firm) -> None:
    said = "title: Little Firm\nnote: Published data.\ndisclosure: public"
    firm.edit("mentorlift.yml", "title: Little Firm", said)
    assert "standing" not in shown(firm)
    assert not (firm.out / "private").exists()
