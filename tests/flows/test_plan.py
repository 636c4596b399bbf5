"""`mentorlift plan` on a small company: a table, a document, and what cannot be planned."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.flows.conftest import STUDY, command

if TYPE_CHECKING:
    from tests.flows.conftest import Firm


def plan(firm: Firm, *options: str) -> tuple[int, str, str]:
    """Exit code and both outputs of the command."""
    return command("plan", str(firm.project), "--out", str(firm.out), *options)


@pytest.fixture
def built(firm: Firm) -> Firm:
    """The little firm after a run, its study with an effect of interest of 2 EUR."""
    firm.edit("studies/sales.yml", "adjust_for", "effect_of_interest: 2\nadjust_for")
    code, _, err = firm.run()
    assert code == 0, err
    return firm


def test_the_table_says_what_could_be_seen_and_what_it_rests_on(built: Firm) -> None:
    code, out, err = plan(built)
    assert (code, err) == (0, "")
    assert out.startswith("sales: revenue, randomised\n60 people, 30 of them in the treated arm")
    assert "effect of interest: 2 EUR" in out
    assert "1 to 3" in out and "power 80 %" in out
    assert "people of the programme are among those looked at" in out
    assert "not shown: months 1 to 6: the records hold fewer than 7 months" in out
    assert "E00" not in out


def test_the_document_has_the_same_and_more_people_see_less(built: Firm) -> None:
    """Four times the people see half the effect, but for the degrees of freedom (58 and 238)."""
    found = {}
    for people in (60, 240):
        code, out, _ = plan(built, "--json", "--people", str(people))
        assert code == 0
        document = json.loads(out)
        assert document["schema_version"] == 1
        (made,) = document["plans"]
        assert (made["people"], made["treated"]) == (people, people / 2)
        (row,) = made["rows"]
        found[people] = row["smallest_effect_power_80"]
        assert row["window"] == [1, 3] and row["people_needed_power_80"] % 5 == 0
    assert found[60] / found[240] == pytest.approx(2 * 2.850 / 2.813, rel=0.03)  # two digits


def test_a_study_in_a_file_of_its_own_is_planned_before_it_is_run(built: Firm) -> None:
    """Nobody is recorded in its programme: everybody measured is, half of them treated."""
    path = built.project.parent / "next.yml"
    text = STUDY.replace("study: sales", "study: next").replace(
        "programme: SALES", "programme: NEW"
    )
    path.write_text(text.replace("as_of: 2025-12-31", "as_of: 2026-06-30"))
    code, out, _ = plan(built, "--study", str(path))
    assert code == 0
    assert out.startswith("next: revenue, randomised\n60 people, 30 of them")
    assert "everybody in the population at the month looked at" in out
    assert "are among those looked at" not in out
    assert "no effect of interest is declared" in out


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--study", "other"), 3, "there is no study 'other'"),
        (("--study", "other.yml"), 3, "there is no such file"),
    ],
)
def test_what_is_not_there_is_said(
    built: Firm, options: tuple[str, ...], code: int, words: str
) -> None:
    found, out, err = plan(built, *options)
    assert found == code and not out and words in err and err.count("\n") == 2


def test_a_study_about_which_nothing_can_be_said_has_the_reason(built: Firm) -> None:
    built.edit("studies/sales.yml", "metric: revenue", "kind: team, metric: revenue")
    built.edit("studies/sales.yml", "outcome:", "cluster: manager_no\noutcome:")
    code, out, _ = plan(built)
    assert code == 9 and "team in a randomised study is not planned" in out


def test_a_small_population_shows_no_figure(built: Firm) -> None:
    """Nine of sixty: nothing about them, neither in the table nor in the document."""
    mapped = built.data / "sales.csv"
    lines = mapped.read_text().splitlines()
    mapped.write_text("\n".join([lines[0], *(x for x in lines[1:] if x < "E0009")]) + "\n")
    built.run()
    code, out, _ = plan(built, "--json")
    (made,) = json.loads(out)["plans"]
    assert code == 9
    assert made["rows"] == [] and made["assumptions"] == []
    assert "fewer than 10 people" in made["reasons"][-1]


def test_without_a_run_there_is_nothing_to_plan_from(firm: Firm) -> None:
    code, out, err = plan(firm)
    assert code == 4 and not out and "no published warehouse" in err
