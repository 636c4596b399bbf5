"""Saved questions: each is answered in the sandbox, as reckoned by hand; counts hide few people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines import adhoc, catalog, saved_queries
from pipelines.engine import Engine
from pipelines.errors import Exit, UserError
from pipelines.models import contracts, create_described
from tests.flows.conftest import command

if TYPE_CHECKING:
    from pathlib import Path

# 60 people recorded in a programme: 1 to 40 in sales, 41 to 60 in it. 22 and 2 of them are matched,
# 15 meet, 4 complete. In December 12 of sales and 4 of it leave; eight more work in hr.
MARTS = """
insert into marts.employees by name
select i as person_no, date '2023-01-01' as hired_on, date '2023-01-01' as first_hired_on,
    case when i <= 40 then 'sales' when i <= 60 then 'it' else 'hr' end as department
from range(1, 69) as r(i);
insert into marts.programme_funnel by name
select i as person_no, 'M' as programme,
    date '2024-01-31' as known_from, date '9999-12-31' as known_to,
    case when i <= 30 or i in (41, 42) then date '2024-01-10' + later end as applied_on,
    case when i <= 22 or i in (41, 42) then date '2024-02-09' + later end as matched_on,
    case when i <= 15 then date '2024-03-01' end as first_met_on,
    case when i <= 4 then date '2024-09-01' end as completed_on
from (select i, 100 * (i > 40)::int as later from range(1, 61) as r(i));
insert into marts.programme_funnel by name
select i as person_no, 'M' as programme,
    date '2023-12-31' as known_from, date '2024-01-31' as known_to
from range(1, 200) as r(i);
insert into marts.mentorships by name
select i as mentee_no, case when i <= 12 then 100 + i else 200 + i // 2 end as mentor_no,
    'M' as programme, date '2024-02-09' as matched_on, 'formal' as kind,
    case when i <= 12 then 4 when i <= 23 then 8 else 0 end as meetings
from range(1, 25) as r(i);
insert into marts.employee_months by name
select i as person_no, make_date(2024, m, 1) as month,
    case when i <= 40 then 'sales' else 'it' end as department,
    case when m = 12 and (i <= 12 or i > 56) then 'voluntary' end as exit_kind
from range(1, 61) as r(i), range(1, 13) as s(m);
insert into marts.exits by name
select i as person_no, 1 as spell_no, date '2023-01-01' as hired_on,
    date '2024-12-31' as exited_on, i = 16 as exit_inferred, 23 as tenure_months,
    case when i <= 12 then 'voluntary' when i <= 15 then 'retirement' else 'unknown' end
        as exit_kind
from range(1, 17) as r(i);
insert into marts.survey_waves by name
select 'pulse' as questionnaire, '1' as wave, 47 as respondents, 47 as respondents_shown,
    43 as respondents_known, true as is_linked
union all by name
select 'pulse' as questionnaire, '2' as wave, 7 as respondents, 7 as respondents_shown,
    7 as respondents_known, true as is_linked;
"""

EFFECT = {"study": "s", "arm": "mentee", "unit": "%", "status": "released", "reason": ""}
STEP = {"study": "s", "label": "left", "exit_kind": "any", "arm": "mentee", "at_risk": 90}
RESULTS = {
    "runs": [{"run": "abc", "project": "test", "as_known_at": "2024-12-31", "exact_rows": False}],
    "studies": [
        {"study": "s", "registered_on": "2024-06-30", "first_run": "abc", "registered_hash": "h",
         "question_hash": "h"}
    ],
    "findings": [
        {"study": "s", "grade": "Credible", "exploratory": False, "may_say": "It rose.",
         "do_not_say": "It rose by 9 %.", "to_raise": "A lottery."}
    ],
    "estimates": [
        EFFECT | {"name": "primary", "role": "headline", "estimate": 3.0, "ci_low": 1.0},
        EFFECT | {"name": "other", "role": "secondary", "estimate": 2.5},
        EFFECT | {"name": "naive", "role": "naive", "estimate": 9.0},
        EFFECT | {"name": "naive_ratio", "role": "naive", "unit": "ratio", "estimate": 0.5},
        EFFECT | {"name": "by_level", "role": "secondary", "subgroup": "job level 3"},
        EFFECT | {"name": "bound", "role": "secondary", "status": "suppressed", "reason": "few"},
    ],
    "interactions": [
        {"study": "s", "variable": "job_level", "arm": "mentee", "verdict": "no_sign"}
    ],
    "diagnostics": [
        {"study": "s", "name": "overlap", "label": "Overlap", "status": "warn", "remedy": "Trim."},
        {"study": "s", "name": "size", "label": "Size", "status": "pass"},
    ],
    "curves": [
        STEP | {"name": "standardised_incidence", "day": 30, "share": 0.25, "ci_low": 0.125,
                "ci_high": 0.5},
    ],
    "calibration": [{"study": "s", "kind": "all", "programmes": 200, "claimed": 0.05}],
}  # fmt: skip

ANSWERS = {
    "answers": [("study", "s"), ("grade", "Credible"), ("estimate", 3.0), ("raw_gap", 9.0),
                ("may_say", "It rose."), ("as_known_at", "2024-12-31")],
    "estimates": [("role", "headline"), ("estimate", 3.0), ("raw_gap", 9.0)],
    "who-benefits": [("subgroup", "job level 3"), ("variable", "job_level"),
                     ("verdict", "no_sign")],
    "checks": [("label", "Overlap"), ("status", "warn"), ("remedy", "Trim.")],
    "not-shown": [("status", "suppressed"), ("reason", "few"), ("estimates", 1)],
    "false-alarms": [("study", "s"), ("programmes", 200), ("claimed", 0.05)],
    "registered": [("study", "s"), ("registered_on", "2024-06-30"), ("as_registered", True)],
    "leaving": [("arm", "mentee"), ("day", 30), ("share", 0.25)],
    "retention": [("day", 30), ("still_employed", 0.75), ("ci_low", 0.5), ("ci_high", 0.875)],
    "columns": [("column", "study"), ("description", "Name of the study.")],
    "tables": [("table", "marts.employee_months")],
    "data-quality": [("what", "exits dated by the last file that had the person"), ("found", 1),
                     ("of_rows", 16)],
}  # fmt: skip

# Counts: 24 of 60 is shown as 25; fewer than ten people, or fewer than ten left over, as nothing.
COUNTED = {
    "funnel": [("M", 1, "recorded", 60), ("M", 2, "applied", 30), ("M", 4, "matched", 25),
               ("M", 5, "met", 15), ("M", 6, "completed", None)],
    "mentored-by-department": [("hr", None, None, None), ("it", 20, None, None),
                               ("sales", 40, 20, 50.0)],
    "exits": [("2024-10-01", "retirement", None), ("2024-10-01", "unknown", None),
              ("2024-10-01", "voluntary", 10)],
    "turnover-by-department": [(2024, "it", 20, None), (2024, "sales", 40, 30.0)],
    "waiting-time": [("M", "2024-01-01", 20, 30.0), ("M", "2024-04-01", None, None)],
    "meetings": [("M", "0", None), ("M", "3-5", 10), ("M", "6-10", 10)],
    "mentor-load": [("M", 1, 15), ("M", 2, None)],
    "survey-response": [("pulse", "1", 45, 45, True), ("pulse", "2", None, None, True)],
}  # fmt: skip


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with nothing but an analysts' database."""
    folder = tmp_path_factory.mktemp("asked")
    with Engine.open(folder / "warehouse.duckdb") as engine:
        for contract in contracts("marts"):
            create_described(engine, contract)
        for statement in MARTS.split(";")[:-1]:
            engine.run(statement)
        catalog.write_results(engine, RESULTS)
    catalog.write_analyst_file(folder / "warehouse.duckdb", folder / "analyst.duckdb")
    return folder


def _asked(published: Path, name: str) -> adhoc.QueryResult:
    return adhoc.query(published / "analyst.duckdb", saved_queries.named(name).sql)


def test_every_saved_question_is_a_question_and_has_an_answer_here() -> None:
    known = saved_queries.all_queries()
    assert {query.name for query in known} == ANSWERS.keys() | COUNTED.keys()
    assert all("?" in query.question for query in known)
    assert all(query.sql.startswith("-- " + query.question) for query in known)


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_it_is_answered(published: Path, name: str) -> None:
    found = _asked(published, name)
    first = dict(zip(found.columns, found.rows[0], strict=True))
    assert {key: first[key] for key, _ in ANSWERS[name]} == dict(ANSWERS[name])


@pytest.mark.parametrize("name", sorted(COUNTED))
def test_counts_are_rounded_and_hide_few_people(published: Path, name: str) -> None:
    assert list(_asked(published, name).rows) == COUNTED[name]


def test_the_headline_meets_the_raw_gap_in_its_own_unit_alone(published: Path) -> None:
    assert len(_asked(published, "answers").rows) == 1


def test_the_command_lists_shows_and_asks(published: Path) -> None:
    code, out, _ = command("query", "--examples")
    assert code == 0 and "funnel: How many people came how far in each programme?" in out
    code, out, _ = command("query", "--example", "tables", "--show")
    assert code == 0 and out.endswith("show tables\n")
    code, out, _ = command("query", "--example", "exits", "--out", str(published), "--csv")
    assert code == 0 and out.splitlines()[0] == "quarter,exit_kind,people"


@pytest.mark.parametrize(
    "asked",
    [(), ("select 1", "--example", "exits"), ("--examples", "--show"), ("--example", "exit")],
)
def test_what_cannot_be_asked_is_said(asked: tuple[str, ...]) -> None:
    code, _, err = command("query", *asked)
    assert code == Exit.USAGE and "fix: " in err


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UserError, match="exits"):
        saved_queries.named("exit")
