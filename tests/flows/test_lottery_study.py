"""A study that names its recorded draw: arms are compared with the lots, person by person."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from pipelines.config import load_project
from pipelines.lottery import make_draw, read_applicants

if TYPE_CHECKING:
    from tests.flows.conftest import Firm

PLACES, PEOPLE = 30, 60


@pytest.fixture
def drawn(firm: Firm) -> Firm:
    """The little firm with a draw on record; arms, results and meetings are as it says."""
    _draw(firm)
    arms = {
        person: "mentee" if arm == "won" else "lottery_lost"
        for person, _, arm, _ in map(_cells, _roster(firm))
    }
    for name, lines in _exports(arms).items():
        (firm.data / f"{name}.csv").write_text("\n".join(lines) + "\n")
    firm.edit(
        "studies/sales.yml", "allocation: {share: 0.5}",
        "allocation: {share: 0.5, lottery: draw/audit.json}",
    )  # fmt: skip
    return firm


def _draw(firm: Firm) -> None:
    names = [f"E{number:04d}" for number in range(PEOPLE)]
    path = firm.data / "applicants.txt"
    path.write_text("employee,half\n" + "".join(f"{n},{n[-1] < '5'}\n" for n in names))
    listed = read_applicants(path, "employee", ["half"])
    make_draw(path, listed, PLACES, "20250310", "the day of the draw", firm.project / "draw")
    path.unlink()


def _roster(firm: Firm) -> list[str]:
    return (firm.project / "draw" / "roster.csv").read_text().splitlines()[1:]


def _cells(line: str) -> list[str]:
    return line.split(",")


def _exports(arms: dict[str, str]) -> dict[str, list[str]]:
    funnel, sales, meetings = (
        ["employee,result,drawn"], ["employee,month,revenue"], ["employee,day"],
    )  # fmt: skip
    for number, (name, arm) in enumerate(sorted(arms.items())):
        funnel.append(f"{name},{arm},2025-03-10")
        for index in range(6):
            noise = (number * 7 + index * 13) % 11 - 5
            gain = 10 * (arm == "mentee" and index > 2)
            sales.append(f"{name},2025-0{index + 1},{100 + number + noise + gain}")
        if arm == "mentee":
            meetings.append(f"{name},2025-04-0{1 + number % 9}")
    return {"funnel": funnel, "sales": sales, "meetings": meetings}


def _finding(firm: Firm) -> dict[str, Any]:
    (finding,) = json.loads((firm.out / "findings.json").read_text())
    return finding


def _roster_check(firm: Firm) -> dict[str, Any]:
    return next(d for d in _finding(firm)["diagnostics"] if d["name"] == "roster")


def test_arms_as_drawn_pass_and_the_number_is_shown(drawn: Firm) -> None:
    code, out, err = drawn.run()
    assert code == 0, err
    assert "Randomised" in out
    check = _roster_check(drawn)
    assert (check["status"], check["display"]) == ("pass", "as drawn by the recorded lottery")


def _swap(text: str, first: str, second: str) -> str:
    lines = text.splitlines()
    arms = {line.split(",")[0]: line.split(",")[1] for line in lines}
    turned = {first: arms[second], second: arms[first]}
    made = [
        ",".join([cells[0], turned.get(cells[0], cells[1]), *cells[2:]])
        for cells in (line.split(",") for line in lines)
    ]
    return "\n".join(made) + "\n"


@pytest.mark.parametrize("kind", ["swapped", "added", "left out"])
def test_any_mismatch_withholds_every_number(drawn: Firm, kind: str) -> None:
    """Nobody is counted or named in what is shown."""
    path = drawn.data / "funnel.csv"
    winner, loser = (
        next(_cells(line)[0] for line in _roster(drawn) if f",{arm}," in line)
        for arm in ("won", "lost")
    )
    text = path.read_text()
    if kind == "swapped":
        text = _swap(text, winner, loser)
    elif kind == "added":
        text += "E9999,mentee,2025-03-10\n"
    else:
        text = "".join(x for x in text.splitlines(True) if not x.startswith(winner))
    path.write_text(text)
    code, out, _ = drawn.run()
    assert code == 9 and "Withheld" in out
    check = _roster_check(drawn)
    assert (check["status"], check["display"]) == ("fail", "not as drawn by the recorded lottery")
    assert "roster of the draw" in check["remedy"]
    assert all(e["estimate"] is None for e in _finding(drawn)["estimates"])
    for shown in ("report.html", "findings.json"):
        page = (drawn.out / shown).read_text()
        assert winner not in page and loser not in page


def test_an_altered_roster_file_stops_the_run(drawn: Firm) -> None:
    path = drawn.project / "draw" / "roster.csv"
    path.write_text(path.read_text().replace(",won,", ",lost,99", 1))
    code, out, err = drawn.run()
    assert code == 4 and not out
    assert "arm or rank of 1 people in the roster is not as drawn" in err
    assert "E00" not in err


def test_the_files_of_the_draw_are_part_of_the_run(drawn: Firm) -> None:
    before = load_project(drawn.project).digest
    audit = drawn.project / "draw" / "audit.json"
    audit.write_text(audit.read_text().replace("the day of the draw", "the day after"))
    assert load_project(drawn.project).digest != before


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("draw/audit.json", "../draw/audit.json", "not below the project folder"),
        ("draw/audit.json", "draw/none.json", "there is no audit file"),
        ("design: randomised", "design: opt_in\ntime_zero: assigned_on", "nobody's arm was drawn"),
    ],
)
def test_what_cannot_be_verified_is_refused(drawn: Firm, old: str, new: str, words: str) -> None:
    drawn.edit("studies/sales.yml", old, new)
    code, out, err = drawn.run()
    assert code == 3 and not out and words in err


def test_identifiers_go_by_the_crosswalk_where_there_is_one(drawn: Firm) -> None:
    """The roster holds numbers; deliveries know people by other texts for the same numbers."""
    project = yaml.safe_load((drawn.project / "mentorlift.yml").read_text())
    project["identity"] = {
        "systems": {"employee": {"kind": "text"}, "mail": {"kind": "mail"}},
        "links": [{"source": "funnel", "ids": {"employee": "employee", "mail": "mail"}}],
    }
    for source in project["sources"]:
        source["loads"][0]["id_systems"] = {"person_id": "employee"}
    project["sources"][0]["loads"][0]["columns"]["person_id"] = "mail"
    project["sources"][0]["loads"][0]["id_systems"] = {"person_id": "mail"}
    (drawn.project / "mentorlift.yml").write_text(yaml.safe_dump(project))
    lines = (drawn.data / "funnel.csv").read_text().splitlines()
    mailed = [f"{lines[0]},mail", *(f"{x},{x.split(',')[0].lower()}@firm.test" for x in lines[1:])]
    (drawn.data / "funnel.csv").write_text("\n".join(mailed) + "\n")
    code, _, err = drawn.run()
    assert code == 0, err
    assert _roster_check(drawn)["status"] == "pass"
