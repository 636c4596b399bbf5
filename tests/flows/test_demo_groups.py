"""Every comparison group of the demo company, from exports to the report, counted a second way.

The counts stand beside those of pandas on the canonical files, which no study reads.
"""

from __future__ import annotations

import html
import json
import re
import shutil
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

import pipelines.run
from pipelines.demo import write_demo
from pipelines.studies import answer
from tests.flows.conftest import Firm, own_key

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.finding import Finding

PEOPLE, SEED = 3_000, 77
AS_OF = pd.Timestamp("2025-12-31")
SHARED: dict[str, Any] = {
    "question": "What does a mentor do?",
    "as_of": "2025-12-31",
    "design": "opt_in",
    "take_up": "matched",
    "adjust_for": ["pre_period_outcome", "tenure_months"],
}
CARE = {
    **SHARED,
    "programme": "CARE-OPTIN",
    "time_zero": "applied_on",
    "outcome": {"metric": "resolved_per_hour", "transform": "log"},
    "follow_up": {"months": 12, "primary": [6, 12]},
}
SALES = {
    **SHARED,
    "programme": "SALES-LOT",
    "outcome": {"metric": "revenue_per_call", "transform": "log"},
    "follow_up": {"months": 6, "primary": [2, 6]},
}
LATER = {"matched_within": 1, "decided_within": 5}
DRAWN = {"start_dates": "matched", "population": {"department": ["contact_centre"]}}
WAITS = "wait listed"
STUDIES = {
    "joined": CARE | {"time_zero": "invited_on", "arms": ["joined", "never_applied"]},
    "waiting": CARE | {"arms": ["matched", "wait_listed"]},
    "later": CARE | LATER | {"arms": ["matched", "matched_later"]},
    "unmatched": CARE | {"arms": ["matched", "applied_unmatched"]},
    "drawn": CARE | DRAWN | {"arms": ["joined", "never_applied"]},
    "lost": SALES | {"design": "randomised", "arms": ["mentee", "lottery_lost"]},
    "not-asked": SALES | {"time_zero": "invited_on", "arms": ["mentee", "never_applied"]},
}


@pytest.fixture(scope="module")
def company(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, Finding], dict[str, dict], str, Path]:
    """Findings with exact counts, what is released of them, the report as text, the files."""
    folder = tmp_path_factory.mktemp("groups")
    paths = write_demo(folder, people=PEOPLE, seed=SEED)
    shutil.rmtree(paths.project / "studies")
    (paths.project / "studies").mkdir()
    file = paths.project / "mentorlift.yml"
    settings = yaml.safe_load(file.read_text())
    del settings["money"]  # it names the studies of the demo
    file.write_text(yaml.safe_dump(settings))
    for name, spec in STUDIES.items():
        treated, comparison = spec["arms"]
        whole = spec | {"study": name, "arms": {"treated": treated, "comparison": comparison}}
        (paths.project / "studies" / f"{name}.yml").write_text(yaml.safe_dump(whole))
    firm, found = Firm(paths.project, paths.data, folder / "out"), {}

    def listening(engine: Any, spec: Any, min_group: int, **how: Any) -> Finding:
        found[spec.study] = answer(engine, spec, min_group, **how)
        return found[spec.study]

    with own_key(folder), pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipelines.run, "answer", listening)
        code, _, err = firm.run()
    assert code == 9, err  # complete; some studies have no number to show
    shown = json.loads((firm.out / "findings.json").read_text())
    report = html.unescape(re.sub(r"<[^>]+>", "", (firm.out / "report.html").read_text()))
    released = {f["study"]: f for f in shown}
    return found, released, re.sub(r"\s+", " ", report), paths.canonical


def enrolled(canonical: Path, programme: str) -> pd.DataFrame:
    """One row a person of a programme with the first match and the exit after time zero."""

    def read(name: str) -> pd.DataFrame:
        return pq.read_table(canonical / f"{name}.parquet").to_pandas(date_as_object=False)

    people = read("enrolment").query(f"programme == '{programme}'")
    matched = read("match").query(f"programme == '{programme}'")
    first = matched.groupby("mentee_id")["matched_on"].min()
    spells = read("employment").merge(people[["person_id", "time_zero"]], on="person_id")
    there = spells["hired_on"].le(spells["time_zero"]) & ~spells["exited_on"].lt(
        spells["time_zero"]
    )
    exits = spells[there].set_index("person_id")["exited_on"]
    assert people["person_id"].is_unique
    return people.assign(
        matched_on=people["person_id"].map(first), exited_on=people["person_id"].map(exits)
    )


def month(day: pd.Series[pd.Timestamp]) -> pd.Series[int]:
    return day.dt.year * 12 + day.dt.month


def sizes(finding: Finding) -> dict[str, int]:
    return {g.arm: g.people for g in finding.flow.groups}


def counted(finding: Finding) -> dict[str, int]:
    """People of each arm at the start: its first line."""
    return {c.arm: c.people for c in reversed(finding.flow.arms)}


@pytest.mark.parametrize(
    ("study", "early", "last"),
    [("joined", 1, 1), ("waiting", 1, 1), ("later", 1, 5), ("unmatched", 1, 1)],
)
def test_groups_of_the_opt_in_are_those_of_the_canonical_files(
    company: Any, study: str, early: int, last: int
) -> None:
    """Whole months are compared here, days there: an exit on the last day of a month is later."""
    findings, _, _, canonical = company
    people = enrolled(canonical, "CARE-OPTIN")
    applied, start = people["applied"], month(people["time_zero"])
    wait = month(people["matched_on"]) - start
    gone = people["exited_on"] < people["time_zero"] + pd.offsets.MonthEnd(1 + last)
    asked, stays = people[applied], applied & ~gone
    expected = {
        "never_applied": int((~applied).sum()),
        "left_first": int((applied & gone).sum()),
        "matched": int((stays & (wait <= early)).sum()),
        "matched_later": int((stays & (wait > early) & (wait <= last)).sum()),
        "wait_listed": int((stays & ~(wait <= last)).sum()),
    }
    expected |= {name: 0 for name in (STUDIES[study]["arms"][1],) if name not in expected}
    found = sizes(findings[study])
    assert found == {k: v for k, v in expected.items() if v or k in STUDIES[study]["arms"]}
    assert sum(found.values()) == len(people)
    treated, comparison = STUDIES[study]["arms"]
    drawn = counted(findings[study])
    if study == "joined":
        both = {"joined": stays, "never_applied": ~applied & ~gone}
        assert drawn == {arm: int(who.sum()) for arm, who in both.items()}
    else:
        assert drawn == {arm: expected[arm] for arm in (treated, comparison)}
        assert len(asked) == sum(v for k, v in expected.items() if k != "never_applied")


@pytest.mark.parametrize("study", ["lost", "not-asked"])
def test_groups_of_the_lottery_are_those_of_the_canonical_files(company: Any, study: str) -> None:
    findings, _, _, canonical = company
    people = enrolled(canonical, "SALES-LOT")
    counts = people["arm"].replace("", "never_applied").value_counts().to_dict()
    assert sizes(findings[study]) == counts
    assert sum(counts.values()) == len(people)


@pytest.mark.parametrize("study", STUDIES)
def test_a_step_is_the_next_one_and_those_left_out(company: Any, study: str) -> None:
    flow = company[0][study].flow
    lost = [before.people - after.people for before, after in pairwise(flow.steps)]
    assert all(count >= 0 for count in lost)
    assert all(
        after.left_out for (_, after), n in zip(pairwise(flow.steps), lost, strict=True) if n
    )
    assert sum(counted(company[0][study]).values()) == flow.steps[-1].people


def test_people_with_a_drawn_date_are_of_the_population(company: Any) -> None:
    """Everybody of the contact centre who was there on some day on which somebody joined."""
    findings, _, _, canonical = company
    people = enrolled(canonical, "CARE-OPTIN")
    days = people.loc[people["applied"], "time_zero"].unique()
    staff = pq.read_table(canonical / "employment.parquet").to_pandas(date_as_object=False)
    jobs = pq.read_table(canonical / "job.parquet").to_pandas(date_as_object=False)
    care = jobs.loc[jobs["department"] == "contact_centre", "person_id"].unique()
    there = [(staff["hired_on"] <= d) & ~(staff["exited_on"] < d) for d in days]
    present = staff.loc[pd.concat(there, axis=1).any(axis=1), "person_id"].unique()
    expected = set(present) & set(care) - set(people.loc[people["applied"], "person_id"])
    assert sizes(findings["drawn"])["never_applied"] == len(expected)


def test_the_report_says_where_start_dates_come_from(company: Any) -> None:
    assert "Start dates of people who never came. Drawn from those of joined." in company[2]


@pytest.mark.parametrize(
    ("study", "words"),
    [
        ("joined", "never applied (could have asked"),
        ("waiting", "wait listed (asked too and still waits"),
        ("later", "matched later (asked too and got a mentor later"),
        ("unmatched", "applied unmatched (asked too, closed"),
        ("drawn", "never applied (could have asked"),
        ("lost", "lottery lost (lost the draw: chance alone decided)"),
        ("not-asked", "never applied (could have asked"),
    ],
)
def test_each_study_has_an_answer_and_the_report_says_which_group_and_why(
    company: Any, study: str, words: str
) -> None:
    _, released, report, _ = company
    finding = released[study]
    head = next(e for e in finding["estimates"] if e["role"] == "headline")
    assert head["status"] == "released" or head["reason"]
    check = next(d for d in finding["diagnostics"] if d["name"] == "comparison_group")
    if study in ("waiting", "not-asked"):  # nearly the same people as those of a study before
        assert finding["standing"]["verdict"] == "hidden" and check["display"] == "not shown"
        return
    assert check["display"].startswith(words)
    said = check["display"]
    assert f"The comparison group. {said[0].upper()}{said[1:]}" in report
    best = {"not-asked": "lottery lost", "unmatched": WAITS}
    if study in ("joined", "drawn"):  # those who wait joined too: no comparison of this study
        assert f"{WAITS} would be better for what being matched does" in check["display"]
        assert "better in this programme" not in check["display"]
        assert check["remedy"] in report
    elif study in best:
        assert f"better in this programme: {best[study]}" in check["display"]
        assert check["remedy"] in report
    else:
        assert "no better one" in check["display"]
