"""What breaks a rule gets no number: drawn companies, from their files to everything a run leaves.

MENTORLIFT_DRAWS says how many companies are drawn for each rule.
"""

from __future__ import annotations

import html
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pipelines.lottery import make_draw, read_applicants
from pipelines.workspace import ARTIFACTS
from tests.flows.conftest import PROJECT, STUDY, Firm
from tests.withheld import exact_findings, leaks, leaks_of_run

if TYPE_CHECKING:
    from pathlib import Path

DRAWS = range(int(os.environ.get("MENTORLIFT_DRAWS", "2")))
MONTHS = 6
SPEC = "studies/sales.yml"
AUDIT = "draw/audit.json"

COMPLETION = {
    "arms of exits": (
        "outcome: {metric: revenue, unit: EUR}", "outcome: {kind: exit, metric: voluntary}",
        "treated: mentee", "treated: completers",
    ),
    "arms of results": ("treated: mentee", "treated: mentee_completed"),
    "comparison": ("comparison: lottery_lost", "comparison: not_finished"),
    "taking part": ("take_up: met_mentor_once", "take_up: completed"),
    "time zero": ("design: randomised", "design: randomised\ntime_zero: completed_on"),
}  # fmt: skip
CHANGES = (
    ("primary: [1, 3]", "primary: [1, 2]"),
    ("primary: [1, 3]", "primary: [2, 3]"),
    ("primary: [1, 3]", "primary: [1, 3], windows: [[1, 1]]"),
    ("adjust_for: [pre_period_outcome]", "estimator: difference_in_means"),
    ("design: randomised", "design: randomised\nestimator: lin"),
    ("design: randomised", "design: randomised\nestimator: cuped"),
    ("design: randomised", "design: randomised\ncovariance: HC3"),
    ("design: randomised", "design: randomised\neffect_of_interest: 5000"),
    ("unit: EUR}", "unit: EUR, transform: log}"),
    ("unit: EUR}", "unit: EUR, higher_is: worse}"),
    ("take_up: met_mentor_once", "take_up: recorded"),
    ("study: sales", "study: sales-of-mentees"),
)


def drawn_firm(folder: Path, seed: int, people: int = 60, key: str = "") -> Firm:
    """A company with a recorded lottery of half its people and an effect drawn with the rest."""
    rng = np.random.default_rng([seed, people])
    project, data = folder / "project", folder / "exports"
    (project / "studies").mkdir(parents=True)
    data.mkdir()
    (project / "mentorlift.yml").write_text(PROJECT.replace("retention:", f"{key}retention:"))
    allocation = f"allocation: {{share: 0.5, lottery: {AUDIT}}}"
    (project / SPEC).write_text(STUDY.replace("allocation: {share: 0.5}", allocation))
    _draw(project / "draw", people, str(seed))
    # Figures of four digits and more: a shorter one is found somewhere by accident.
    level = rng.normal(100_000, 5_000, people)
    effect = rng.choice([-1, 1]) * rng.uniform(6_000, 20_000)
    files = {
        "funnel": ["employee,result,drawn"],
        "sales": ["employee,month,revenue"],
        "meetings": ["employee,day"],
    }
    for number, (name, won) in enumerate(sorted(_arms(project / "draw").items())):
        files["funnel"].append(f"{name},{'mentee' if won else 'lottery_lost'},2025-03-10")
        for month in range(1, MONTHS + 1):
            sold = level[number] + rng.normal(0, 4_000) + effect * (won and month > 3)
            files["sales"].append(f"{name},2025-{month:02d},{sold:.4f}")
        if won and rng.random() < 0.8:
            files["meetings"].append(f"{name},2025-04-{rng.integers(1, 28):02d}")
    for name, lines in files.items():
        (data / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return Firm(project, data, folder / "out")


def _draw(folder: Path, people: int, seed: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    listed = folder.with_name("applicants.txt")
    rows = "".join(f"E{n:04d},{n % 2}\n" for n in range(people))
    listed.write_text("employee,half\n" + rows)
    applicants = read_applicants(listed, "employee", ["half"])
    make_draw(listed, applicants, people // 2, seed, "the day of the draw", folder)
    listed.unlink()


def _arms(draw: Path) -> dict[str, bool]:
    lines = (line.split(",") for line in (draw / "roster.csv").read_text().splitlines()[1:])
    return {cells[0]: cells[2] == "won" for cells in lines}


@pytest.fixture
def _key(key: Path) -> None:
    """Nothing is written to anybody's home."""


pytestmark = pytest.mark.usefixtures("_key")


def _finding(firm: Firm) -> dict[str, Any]:
    (finding,) = json.loads((firm.out / "findings.json").read_text())
    return finding


def _no_number(firm: Firm, check: str) -> None:
    """Withheld for this check; no figure in any artifact; reason and remedy in page and JSON."""
    code, out, err = firm.run()
    assert code == 9, err
    again, as_json, more = firm.run("--json")
    assert again == 9 and "Withheld" in out
    (exact,) = exact_findings(firm.project, firm.out).values()
    assert leaks_of_run(exact, firm.out, out, err, as_json, more) == []
    finding, page = _finding(firm), (firm.out / "report.html").read_text()
    assert finding["grade"] == "Withheld"
    assert {e["status"] for e in finding["estimates"]} <= {"withheld", "not_estimable"}
    failed = {d["name"]: d for d in finding["diagnostics"] if d["status"] == "fail"}
    assert check in failed
    for text in (failed[check]["label"], failed[check]["remedy"]):
        assert (
            text
            and html.escape(text, quote=True).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
            in page
        )


@pytest.mark.parametrize("seed", DRAWS)
def test_without_a_violation_the_number_is_found_in_every_artifact(
    seed: int, tmp_path: Path
) -> None:
    """Else its absence below would prove nothing."""
    firm = drawn_firm(tmp_path, seed)
    code, out, err = firm.run()
    assert code == 0, err
    (exact,) = exact_findings(firm.project, firm.out).values()
    places = {line.split(":")[0] for line in leaks_of_run(exact, firm.out, out, err)}
    assert {"report.html", "findings.json", "terminal 0"} <= places
    assert "report.xlsx Answer Estimate" in places


@pytest.mark.parametrize("seed", DRAWS)
def test_twelve_people(seed: int, tmp_path: Path) -> None:
    """Whatever the project lets be shown of small groups, and of published data too."""
    kinds = ("", "min_group: 5\n", "min_group: 5\ndisclosure: public\n")
    _no_number(drawn_firm(tmp_path, seed, 12, kinds[seed % len(kinds)]), "group_size")


@pytest.mark.parametrize("seed", DRAWS)
def test_an_altered_roster(seed: int, tmp_path: Path) -> None:
    """Arms delivered otherwise than drawn, one or many; or another draw put in the place."""
    firm, rng = drawn_firm(tmp_path, seed), np.random.default_rng(seed)
    path = firm.data / "funnel.csv"
    head, *rows = path.read_text().splitlines()
    won = [i for i, row in enumerate(rows) if ",mentee," in row]
    lost = [i for i, row in enumerate(rows) if ",mentee," not in row]
    some = int(rng.integers(1, 6))
    kind = ("moved", "added", "left out", "drawn again")[seed % 4]
    if kind == "moved":
        for i in rng.choice(lost, some, replace=False):
            rows[i] = rows[i].replace("lottery_lost", "mentee")
        for i in rng.choice(won, some, replace=False):
            rows[i] = rows[i].replace("mentee", "lottery_lost")
    elif kind == "added":
        rows += [f"E9{n:03d},mentee,2025-03-10" for n in range(some)]
    elif kind == "left out":
        out = set(rng.choice(won, some, replace=False).tolist())
        rows = [row for i, row in enumerate(rows) if i not in out]
    else:
        _draw(firm.project / "draw", 60, "another seed")
    path.write_text("\n".join([head, *rows]) + "\n")
    _no_number(firm, "roster")


@pytest.mark.parametrize("seed", DRAWS)
def test_a_study_changed_after_the_fact(seed: int, tmp_path: Path) -> None:
    """The folder of the first run is gone: what it may show is not to be found in it."""
    firm, rng = drawn_firm(tmp_path, seed), np.random.default_rng(seed)
    assert firm.run()[0] == 0
    shutil.rmtree(firm.out)
    old, new = CHANGES[(seed + int(rng.integers(len(CHANGES)))) % len(CHANGES)]
    firm.edit(SPEC, old, new)
    _no_number(firm, "registered_study")
    (finding,) = json.loads((firm.out / "findings.json").read_text())
    assert finding["exploratory"]


def _stopped(firm: Firm, expected: int, *words: str) -> None:
    """The run ends with a reason and a fix, and leaves nothing that could hold a number."""
    clean = Firm(firm.project.with_name("clean"), firm.data, firm.project.with_name("clean-out"))
    assert clean.run()[0] == 0
    (exact,) = exact_findings(clean.project, clean.out).values()
    code, out, err = firm.run()
    assert code == expected and not out
    assert "error: " in err and "fix: " in err
    for word in words:
        assert word in err
    names = {p.name for p in firm.out.rglob("*")}
    assert not names & {*ARTIFACTS, "analyst.duckdb", "releases.json"}
    left = [p for p in firm.out.rglob("*") if p.is_file() and p.suffix == ".json"]
    texts = {p.name: p.read_text() for p in left} | {"terminal": err}
    assert leaks(exact, texts, {}) == []
    assert not (firm.project / "registered_studies.jsonl").exists()


@pytest.mark.parametrize("seed", DRAWS)
def test_exposure_by_completion(seed: int, tmp_path: Path) -> None:
    firm = drawn_firm(tmp_path, seed)
    shutil.copytree(firm.project, firm.project.with_name("clean"))
    edits = COMPLETION[list(COMPLETION)[seed % len(COMPLETION)]]
    for old, new in zip(edits[::2], edits[1::2], strict=True):
        firm.edit(SPEC, old, new)
    _stopped(firm, 3, "immortal time")


@pytest.mark.parametrize("seed", DRAWS)
def test_an_altered_file_of_the_draw(seed: int, tmp_path: Path) -> None:
    """A roster or an audit file that the recorded seed does not give."""
    firm = drawn_firm(tmp_path, seed)
    shutil.copytree(firm.project, firm.project.with_name("clean"))
    if seed % 2:
        firm.edit(AUDIT, f'"seed": "{seed}"', '"seed": "0815"')
    else:
        path = firm.project / "draw" / "roster.csv"
        path.write_text(path.read_text().replace(",won,", ",lost,99", 1))
    _stopped(firm, 4, "Restore the two files that the draw wrote")
