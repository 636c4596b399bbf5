"""The draft impact assessment: facts of the project, rounded counts, marks for the rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipelines.impact import draft
from reports.impact import Assessed, LastRun, SourceRead, render
from tests.flows.conftest import own_key, write_firm

DEMO = Path(__file__).resolve().parents[2] / "data" / "examples" / "demo"
FACTS = Assessed(
    title="A | B <b>",
    purpose="Learn whether it works.",
    lawful_basis="Works agreement",
    months=24,
    min_group=10,
    public=False,
    programmes=("Sales",),
    studies=(("sales", "Does it raise revenue?"),),
    instruments=("tis6",),
    systems=(("mail", "mail"),),
    encrypted=False,
    backups=(),
    sources=(SourceRead(name="hr", pulled=False, read=(("id", "people: person_id"),), rows="60"),),
    last=LastRun(
        run="abc", known_at="2025-12-31", people=(("anybody", "60"),), quarantined="<10", erased="0"
    ),
)


def lines(text: str, heading: str) -> list[str]:
    """The lines of one part of the draft."""
    part = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [line for line in part.splitlines() if line]


def test_what_the_demo_project_declares(tmp_path: Path) -> None:
    text = draft(DEMO, tmp_path)
    assert text == draft(DEMO, tmp_path)
    purpose = lines(text, "1. Purpose and lawful basis")
    assert "| Kept for | 24 months after the last employment of a person ended |" in purpose
    data = lines(text, "2. Data")
    assert "| hire_date | employment: hired_on |" in data
    assert "| contract_type | people: contract_type, kept for each person |" in data
    assert any("No run has been published" in line for line in lines(text, "3. People"))
    assert text.count("**TO BE FILLED IN:**") >= 9


def test_words_of_the_project_cannot_change_the_page() -> None:
    text = render(FACTS)
    assert "`identity: encrypt` is off" in text and "is encrypted (AES-GCM)" not in text
    assert "is encrypted (AES-GCM)" in render(replace(FACTS, encrypted=True))
    assert text.startswith("# Data-protection impact assessment, draft: A \\| B \\<b\\>\n")
    assert "| anybody | 60 |" in lines(text, "3. People")
    assert "Rows held back for HR to correct: <10. Persons erased so far: 0." in text
    assert "Nothing is shown about fewer than 10 people" in text


def test_after_a_run_people_are_counted_in_fives_and_nobody_is_named(tmp_path: Path) -> None:
    from tests.flows.conftest import command

    firm = write_firm(tmp_path)
    firm.edit("sales.csv", "employee,month,revenue", "employee,month,revenue,remark")
    rows = (firm.data / "sales.csv").read_text().splitlines()
    (firm.data / "sales.csv").write_text("\n".join([rows[0], *(f"{r},x" for r in rows[1:])]))
    with own_key(tmp_path):
        assert firm.run()[0] == 0
        code, text, _ = command("dpia", str(firm.project), "--out", str(firm.out))
    assert code == 0
    people = lines(text, "3. People")
    assert "| anybody | 60 |" in people and "| sessions: person_id | 20 |" in people
    assert "Not read, and better not delivered: remark." in lines(text, "2. Data")
    assert "E0001" not in text and str(tmp_path) not in text
