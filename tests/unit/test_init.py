"""Init: a folder is sniffed, each guess is marked, and the project file works once filled in."""

from __future__ import annotations

import re
import shutil

import pandas as pd
import pytest
import yaml

from pipelines.config import load_project
from pipelines.errors import Exit, UserError
from pipelines.ingest import dialect
from pipelines.ingest.check import examine
from pipelines.ingest.init import write_project
from pipelines.ingest.sniff import date_formats, sniff
from tests.unit.test_dialects import sample


@pytest.fixture
def init(tmp_path):
    """Writes files into a folder and a project beside it; the text of the project file."""

    def run(files: dict[str, str]) -> str:
        folder = tmp_path / "exports"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        path, _ = write_project([folder], tmp_path / "Our Firm")
        return path.read_text(encoding="utf-8")

    return run


@pytest.mark.parametrize("name", sorted(dialect.names()))
def test_the_sample_of_a_dialect_is_recognised_as_it(name, tmp_path):
    (tmp_path / "exports").mkdir()
    sample(name, tmp_path / "exports")
    path, _ = write_project([tmp_path / "exports"], tmp_path / "project")
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert name in {source["dialect"] for source in declared["sources"]}


def test_guesses_have_their_reason_and_doubts_are_asked(init):
    text = init(
        {
            "workers_2024-01-31.csv": (
                "All workers;;;\nas of;31.01.2024;;\n"
                "Employee ID;Hire Date;Last Day of Work;Shoe\n007;31.12.2020;;43\n"
            ),
            "pay.csv": "who,what\n1,2\n",
            "notes.pdf": "no table",
        }
    )
    assert "project: our-firm" in text
    assert 'file: "workers_*.csv"' in text
    assert "dialect: workday_workers # guessed: 3 of 4 columns are known to it" in text
    assert 'delimiter: ";" # guessed: rows have equally many columns by it' in text
    assert "header_row: 3 # guessed: the first row that names every column" in text
    assert 'formats: {hired_on: "%d.%m.%Y"} # guessed: no other order fits every day' in text
    assert "# not read: Shoe" in text
    assert "# decide: pay.csv is like no known export" in text
    assert "# notes.pdf was left out: notes.pdf: no kind of delivery ends like this." in text
    assert "007" not in text


def test_a_known_survey_with_other_questions_asks_which_columns_they_are(init, tmp_path):
    survey = (
        "StartDate,EndDate,Status,Finished,ExternalReference,tis_1,tis_2\n"
        "Start,End,Status,Finished,Reference,I often think of leaving,I would stay\n"
        + ",".join(f'"{{""ImportId"":""{i}""}}"' for i in range(7))
        + "\n2024-06-01 10:00:00,2024-06-01 10:05:00,0,1,007,2,4\n"
    )
    text = init({"pulse_2024-06-30.csv": survey})
    assert "dialect: qualtrics_survey # guessed: 4 of 7 columns are known to it" in text
    project = tmp_path / "Our Firm" / "mentorlift.yml"
    with pytest.raises(UserError, match=r"sources\.0\.loads\.0\.unpivot\.pattern: is still"):
        project.write_text(re.sub("TODO(?! a pattern)", "12", text))
        load_project(project.parent)
    filled = re.sub("TODO a pattern[^']*", "tis_[0-9]", text).replace("months: TODO", "months: 12")
    project.write_text(filled.replace("TODO ", ""))
    checked = examine(load_project(project.parent).settings, tmp_path / "exports")
    assert checked.problems == ()
    assert checked.report.loaded == 2


def test_files_that_cannot_be_read_are_left_out_and_the_others_described(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "cut.parquet").write_bytes(b"PAR1, and no more")
    (folder / "cut.dta").write_bytes(b"no Stata")
    (folder / "hr.sql").write_text("--\n-- PostgreSQL database dump\n--\n")
    (folder / "odd\nname: {x}.csv").write_text("who,what\n1,2\n")
    workers = pd.DataFrame(
        {"Employee ID": ["7"], "Hire Date": ["2020-01-01"], "Cost Center": ["A"]}
    )
    workers.to_parquet(folder / "workers.parquet")
    workers.rename(columns=lambda name: name.replace(" ", "")).to_stata(folder / "w.dta")
    path, _ = write_project([folder], tmp_path / "project")
    text = path.read_text(encoding="utf-8")
    assert {s["file"] for s in yaml.safe_load(text)["sources"]} == {"w.dta", "workers.parquet"}
    for left_out in ("cut.parquet", "cut.dta", "hr.sql"):
        assert f"# {left_out} was left out: " in text
    assert "`sheet: SCHEMA.TABLE` names it" in text
    assert "# decide: odd\\nname: {x}.csv is like no known export" in text


def test_nothing_is_read_while_a_todo_is_left_and_the_rest_works(init, tmp_path):
    workers = "Employee ID,Hire Date,Last Day of Work\n1,2020-01-01,\n2,2021-01-01,2023-01-31\n"
    text = init({"workers_2024-01-31.csv": workers})
    project = tmp_path / "Our Firm"
    with pytest.raises(UserError) as caught:
        load_project(project)
    assert "mentorlift.yml: title: is still to be filled in" in caught.value.problem
    assert caught.value.exit_code is Exit.PROJECT
    filled = re.sub(r"months: TODO", "months: 12", text).replace("TODO ", "")
    (project / "mentorlift.yml").write_text(filled, encoding="utf-8")
    checked = examine(load_project(project).settings, tmp_path / "exports")
    assert checked.problems == ()
    assert checked.report.loaded == 4  # two employments, two jobs


def test_a_project_file_is_never_overwritten(init, tmp_path):
    init({"pay.csv": "who,what\n1,2\n"})
    with pytest.raises(UserError, match="there is a project file already"):
        write_project([tmp_path / "exports"], tmp_path / "Our Firm")


def test_no_files_are_an_error(tmp_path):
    with pytest.raises(UserError, match="no file to look at"):
        write_project([tmp_path], tmp_path / "p")
    with pytest.raises(UserError, match="no such file"):
        write_project([tmp_path / "absent"], tmp_path / "p")


@pytest.mark.parametrize(
    ("days", "formats"),
    [
        (["2024-03-04"], ["iso"]),
        (["2024-03-04T10:00:00"], ["iso_datetime"]),
        (["04.03.2024"], ["%d.%m.%Y"]),
        (["04/03/2024"], ["%d/%m/%Y", "%m/%d/%Y"]),  # cannot be seen
        (["04/03/2024", "31/03/2024"], ["%d/%m/%Y"]),
        (["04/03/2024", "03/31/2024"], ["%m/%d/%Y"]),
        (["31/03/2024", "03/31/2024"], []),
        (["soon"], []),
        ([], []),
    ],
)
def test_days_are_read_only_by_formats_that_fit_all_of_them(days, formats):
    assert date_formats(days) == formats


def test_a_survey_with_three_header_rows_is_seen(tmp_path):
    sample("qualtrics_survey", tmp_path)
    (found,) = sniff(tmp_path / "qualtrics_survey.csv")
    assert found.layout["header_rows"] == 3
    assert found.header[0] == "StartDate"
    assert len(found.rows) == 3


def test_an_encoding_that_is_not_utf_8_is_guessed_aloud(tmp_path):
    path = tmp_path / "w.csv"
    path.write_bytes("Personalnummer;Straße\n1;Köln\n".encode("cp1252"))
    (found,) = sniff(path)
    assert found.layout == {"encoding": "cp1252", "delimiter": ";"}


def test_files_alone_may_be_named(tmp_path):
    sample("glint_survey", tmp_path)
    shutil.copy(tmp_path / "glint_survey.csv", tmp_path / "other.csv")
    path, _ = write_project([tmp_path / "glint_survey.csv"], tmp_path / "p")
    assert "other.csv" not in path.read_text()
