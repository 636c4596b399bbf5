"""Two runs compared where there is little to compare, or what differs is how files are read."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.config import load_project
from pipelines.engine import Engine
from pipelines.studies import answer
from tests.flows.conftest import write_firm
from tests.flows.test_diff import EXACT, headlines, said
from tests.withheld import leaks

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.finding import Finding
    from tests.flows.conftest import Firm


@pytest.fixture
def firm(answered: Firm) -> Firm:
    """The small company after its first run."""
    return answered


def first_of(firm: Firm) -> str:
    """The id of the run that there is."""
    (made,) = (path.name for path in (firm.out / "runs").iterdir())
    return made


def run_of(firm: Firm) -> str:
    """The id of a run that is made now."""
    before = {p.name for p in (firm.out / "runs").glob("*")}
    code, _, err = firm.run()
    assert code in (0, 9), err
    (made,) = {p.name for p in (firm.out / "runs").glob("*")} - before
    return made


def _diff(firm: Firm, *arguments: str) -> tuple[int, str, str]:
    return said(*arguments, "--out", str(firm.out))


def test_a_run_and_itself(firm: Firm) -> None:
    run = first_of(firm)
    assert _diff(firm, run, run[:6])[:2] == (0, f"nothing changed: both are run {run}\n")
    code, out, _ = _diff(firm, run, str(firm.out), "--json")
    assert code == 0 and json.loads(out)["nothing_changed"]


def test_words_alone_change_nothing(firm: Firm) -> None:
    first = first_of(firm)
    firm.edit("mentorlift.yml", "title: Little Firm", "title: The Little Firm")
    code, out, _ = _diff(firm, first, run_of(firm))
    assert code == 0 and "nothing changed" in out


def test_a_run_that_is_not_there(firm: Firm) -> None:
    run = first_of(firm)
    code, out, err = _diff(firm, run, run[:-2] + "zz")
    assert (code, out) == (2, "") and run in err and "Nearest runs" in err


def test_a_study_that_is_not_there(firm: Firm) -> None:
    first = first_of(firm)
    firm.edit("mentorlift.yml", "title: Little Firm", "title: The Little Firm")
    code, _, err = _diff(firm, first, run_of(firm), "--study", "sale")
    assert code == 2 and "Nearest: sales" in err


def test_a_study_of_one_run_alone(firm: Firm) -> None:
    first = first_of(firm)
    study = (firm.project / "studies" / "sales.yml").read_text()
    again = study.replace("study: sales", "amended: The same under another name.\nstudy: more")
    (firm.project / "studies" / "more.yml").write_text(again)
    second = run_of(firm)
    code, out, _ = _diff(firm, first, second)
    assert code == 9 and f"only run {second} answered this study" in out
    assert "more: not answered -> +" in out


def test_runs_of_different_projects(firm: Firm) -> None:
    first = first_of(firm)
    firm.edit("mentorlift.yml", "project: little-firm", "project: other-firm")
    code, _, err = _diff(firm, first, run_of(firm))
    assert code == 2 and "different projects: little-firm and other-firm" in err


def test_runs_with_different_keys(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    first = first_of(firm)
    other = firm.project.parent / "other.key"
    other.write_text("f" * 64)
    monkeypatch.setenv("MENTORLIFT_KEY_FILE", str(other))
    # As from a version without a memory; else the run stops, since nobody could be compared.
    shutil.rmtree(firm.out / "private")
    record = firm.out / "runs" / first / "record.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "remembered": False}))
    firm.edit("mentorlift.yml", "title: Little Firm", "title: The Little Firm")
    code, _, err = _diff(firm, first, run_of(firm))
    assert code == 4 and "different keys" in err


@pytest.mark.parametrize(
    ("setting", "contribution"),
    # another limit is a change of the registered study: undeclared, nothing is shown
    [("min_group: 12", 0), ("thresholds: {balance_fail_p: 0.0005}", None)],
)
def test_a_setting_that_changed(firm: Firm, setting: str, contribution: int | None) -> None:
    first = first_of(firm)
    firm.edit("mentorlift.yml", "title: Little", f"{setting}\ntitle: Little")
    _, out, _ = _diff(firm, first, run_of(firm), "--json")
    ((part,),) = [study["parts"] for study in json.loads(out)["studies"]]
    assert (part["causes"], part["contribution"]) == (["settings"], contribution)


def test_a_limit_that_was_declared_is_no_change_of_code(firm: Firm) -> None:
    first = first_of(firm)
    limit = "thresholds: {balance_fail_p: 0.0005}"
    firm.edit("mentorlift.yml", "title: Little", f"{limit}\ntitle: Little")
    firm.edit("studies/sales.yml", "study: sales", "amended: A stricter limit.\nstudy: sales")
    _, out, _ = _diff(firm, first, run_of(firm), "--json")
    (study,) = json.loads(out)["studies"]
    parts = [(part["causes"], part["contribution"]) for part in study["parts"]]
    assert parts == [(["study"], 0), (["settings"], 0)]


def test_what_another_code_made_is_code(
    tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version whose estimator was one too high."""

    def too_high(*given: Any, **named: Any) -> Finding:
        found = answer(*given, **named)
        moved = [
            replace(e, estimate=e.estimate + 1) if e is found.headline else e
            for e in found.estimates
        ]
        return replace(found, estimates=tuple(moved))

    firm = write_firm(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.run.answer", too_high)
        patch.setattr("pipelines.workspace.code_hash", lambda: "0" * 64)
        first = run_of(firm)
    _, out, _ = _diff(firm, first, run_of(firm), "--json")
    ((part,),) = [study["parts"] for study in json.loads(out)["studies"]]
    assert part["causes"] == ["code"]
    assert part["contribution"] == pytest.approx(-1, abs=EXACT)
    assert part["other_order"] == part["contribution"]


def test_a_mapping_that_changed_is_the_whole_difference(firm: Firm) -> None:
    first, before = first_of(firm), headlines(firm.out / "findings.json")
    firm.edit(
        "mentorlift.yml",
        'formats: {period: "%Y-%m"}',
        'formats: {period: "%Y-%m"}\n        scale_by: {value: 2}',
    )
    second, after = run_of(firm), headlines(firm.out / "findings.json")
    code, out, err = _diff(firm, first, second, "--json")
    assert code == 0, err
    ((part,),) = [study["parts"] for study in json.loads(out)["studies"]]
    assert part["causes"] == ["mapping"]
    assert part["contribution"] == pytest.approx(after["sales"] - before["sales"], abs=EXACT)
    assert part["contribution"] == pytest.approx(before["sales"], rel=0.1)  # twice the figures
    assert (part["people"], part["rows"]) == ("60", "360")


def test_a_file_that_was_replaced_tells_corrected_values_from_later_months(firm: Firm) -> None:
    """The months of 30 people are corrected; the month after the follow-up is new."""
    first, before = first_of(firm), headlines(firm.out / "findings.json")
    lines = (firm.data / "sales.csv").read_text().splitlines()
    corrected = [
        line.replace(",2025-05,", ",2025-05,1")
        if line[:1] == "E" and int(line[1:5]) % 4 < 2
        else line
        for line in lines
    ]
    later = [f"E{number:04d},2025-07,100" for number in range(60)]
    (firm.data / "sales.csv").write_text("\n".join([*corrected, *later]) + "\n")
    second, after = run_of(firm), headlines(firm.out / "findings.json")
    code, out, err = _diff(firm, first, second, "--json")
    assert code == 0, err
    (parts,) = [study["parts"] for study in json.loads(out)["studies"]]
    assert [part["causes"] for part in parts] == [["values"], ["new_time"]]
    whole = after["sales"] - before["sales"]
    assert abs(whole) > EXACT
    for order in ("contribution", "other_order"):
        assert [part[order] for part in parts] == pytest.approx([whole, 0], abs=EXACT)
    assert [part["people"] for part in parts] == ["30", "0"]
    assert parts[0]["rows"] == "30"


def test_a_headline_that_is_withheld_is_not_split(firm: Firm) -> None:
    first = first_of(firm)
    text = (firm.data / "funnel.csv").read_text().splitlines()
    (firm.data / "funnel.csv").write_text("\n".join([*text[:9], ""]))
    code, out, _ = _diff(firm, first, run_of(firm), "--json")
    (study,) = json.loads(out)["studies"]
    assert code == 9 and "not shown" in study["no_split"][0]
    assert study["after"]["estimate"] is None
    assert study["parts"], "the causes are named all the same"
    assert all(
        p["contribution"] is p["printed"] is p["other_order"] is None for p in study["parts"]
    )


def test_few_corrected_people_are_not_split_from_another_cause(firm: Firm) -> None:
    """Six results are corrected and the study asks otherwise: the answer is not made anew."""
    first = first_of(firm)
    source = "  - name: sales\n    file: sales.csv\n    delivered_on: 2025-12-31"
    assert source in (firm.project / "mentorlift.yml").read_text()
    (firm.data / "sales_late.csv").write_text(
        "employee,month,revenue\n" + "".join(f"E{n:04d},2025-05,500\n" for n in range(0, 12, 2))
    )
    firm.edit("mentorlift.yml", "file: sales.csv", "file: sales*.csv")
    firm.edit(
        "studies/sales.yml",
        "adjust_for: [pre_period_outcome]",
        "adjust_for: []\namended: Nothing to adjust for.",
    )
    code, out, _ = _diff(firm, first, run_of(firm), "--json")
    (study,) = json.loads(out)["studies"]
    assert code == 9 and study["parts"] == [] and study["no_split"]


def test_a_change_of_the_study_that_is_not_declared_shows_no_state_of_it(firm: Firm) -> None:
    """Neither the second run nor a state on the way with the study as it was changed."""
    first = first_of(firm)
    firm.edit("sales.csv", "E0003,2025-04,", "E0003,2025-04,1")
    firm.edit("studies/sales.yml", "primary: [1, 3]", "primary: [1, 2]")
    second = run_of(firm)
    (spec,) = load_project(firm.project).studies
    code, out, _ = _diff(firm, first, second)
    again, as_json, _ = _diff(firm, first, second, "--json")
    assert code == again == 9 and "Exploratory: changed after it was" in as_json
    for run in (first, second):
        path = firm.out / "warehouse" / f"warehouse-{run}.duckdb"
        with Engine.open(path, read_only=True) as engine:
            changed = answer(engine, spec, 10)
        assert leaks(changed, {"text": out, "json": as_json}, {}) == []
