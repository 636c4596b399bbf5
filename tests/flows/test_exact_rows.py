"""The demo company's studies, compressed and from every row: the same figures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from analysis.estimate import Estimate
from analysis.study import parse_study
from pipelines.config import load_project
from pipelines.demo import write_demo
from pipelines.engine import Engine
from pipelines.run import begin, build_stage, ingest_stage
from pipelines.studies import answer
from tests.flows.conftest import own_key

if TYPE_CHECKING:
    from analysis.finding import Finding
    from tests.flows.conftest import Firm

RELATIVE = 1e-8  # the promise of the product
STUDIES = (
    "care-mentoring",
    "care-turnover",
    "operations-mentoring",
    "sales-intention",
    "sales-mentoring",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory):
    """Project and marts of a demo company."""
    folder = tmp_path_factory.mktemp("demo")
    with own_key(folder):
        made = write_demo(folder, people=1500)
        context = begin(made.project, made.data, folder / "out", lambda _: None)
        for stage in (ingest_stage, build_stage):
            stage(context, lambda _: None)
    return load_project(made.project), context.space.built


TENURE = {"name": "tenure_months", "cuts": [12]}
GROUPED = {
    "care-mentoring": {"subgroups": [TENURE, "level"], "who_benefits": ["quantiles", "eagerness"]},
    "care-turnover": {"subgroups": [TENURE]},
    "operations-mentoring": {"subgroups": [{"name": "tenure_months", "cuts": [36]}, "level"]},
    "sales-intention": {"subgroups": [TENURE, "level"]},
    "sales-mentoring": {"subgroups": [TENURE, "level"], "who_benefits": ["quantiles"]},
}


@pytest.mark.parametrize("study", STUDIES)
def test_every_figure_of_the_demo_both_ways(built, study: str) -> None:
    project, database = built
    (spec,) = (s for s in project.studies if s.study == study)
    spec = parse_study(spec.model_dump(mode="json", exclude_defaults=True) | GROUPED[study])
    with Engine.open(database, read_only=True) as engine:
        compressed = answer(engine, spec, project.settings.min_group)
        rows = answer(engine, spec, project.settings.min_group, exact_rows=True)
    assert isinstance(rows.estimates[0], Estimate)
    assert len(rows.interactions) == len(spec.subgroups)
    same_figures(compressed, rows)


LEAVING = {
    "study": "leaving",
    "question": "Do fewer people resign?",
    "as_of": "2025-12-31",
    "outcome": {"kind": "exit", "metric": "voluntary"},
    "follow_up": {"months": 12, "primary": [1, 12], "windows": [[1, 3]]},
}
OF_SITES = {
    "programme": "OPS-ROLL",
    "design": "rollout",
    "time_zero": "eligible_on",
    "cluster": "site",
    "population": {"department": ["operations"]},
    "arms": {"treated": "mentoring", "comparison": "not_yet_started"},
}
OF_THE_DRAW = {
    "programme": "SALES-LOT",
    "design": "randomised",
    "arms": {"treated": "mentee", "comparison": "lottery_lost"},
    "allocation": {"strata": ["stratum"], "share": 0.5},
    "take_up": "met_mentor_once",
    "adjust_for": ["level"],  # some sixty resignations at sites bear no covariate
}


@pytest.mark.parametrize("keys", [OF_SITES, OF_THE_DRAW], ids=["rollout", "randomised"])
def test_exits_in_the_other_designs_both_ways(built, keys: dict[str, Any]) -> None:
    project, database = built
    spec = parse_study(LEAVING | keys | {"subgroups": [TENURE]})
    with Engine.open(database, read_only=True) as engine:
        compressed = answer(engine, spec, project.settings.min_group)
        rows = answer(engine, spec, project.settings.min_group, exact_rows=True)
    same_figures(compressed, rows)
    assert isinstance(compressed.estimates[0], Estimate)
    assert compressed.curves


def test_ever_started_misleads_about_exits_and_trials_do_not(built) -> None:
    """A mentor keeps two in a hundred; whoever was ever matched left six in a hundred less."""
    project, database = built
    (spec,) = (s for s in project.studies if s.study == "care-turnover")
    with Engine.open(database, read_only=True) as engine:
        found = answer(engine, spec, project.settings.min_group)
    primary = found.estimates[0]
    naive = next(e for e in found.estimates if e.target.role == "naive")
    assert isinstance(primary, Estimate) and isinstance(naive, Estimate)
    assert abs(primary.estimate - -0.02) < 3 * primary.std_error  # the planted effect
    assert naive.ci_high < -0.03
    people = [step.people for step in found.flow.steps]
    assert people == sorted(people, reverse=True)
    assert found.flow.arms[0].people == primary.n_treated


def same_figures(compressed: Finding, rows: Finding) -> None:
    for one, other in zip(compressed.estimates, rows.estimates, strict=True):
        assert one.target == other.target
        assert isinstance(one, Estimate) == isinstance(other, Estimate)
        if isinstance(one, Estimate):
            size = RELATIVE * other.std_error  # an effect near zero has no digits of its own
            assert one.estimate == pytest.approx(other.estimate, rel=RELATIVE, abs=size)
            assert one.std_error == pytest.approx(other.std_error, rel=RELATIVE)
            assert (one.n_treated, one.n_rows) == (other.n_treated, other.n_rows)
    for one, other in zip(compressed.interactions, rows.interactions, strict=True):
        assert (one.levels, one.verdict, one.reason) == (other.levels, other.verdict, other.reason)
        if one.p_value is not None:
            assert one.p_value == pytest.approx(other.p_value, rel=1e-6)  # a tail, not a figure
    for one, other in zip(compressed.diagnostics, rows.diagnostics, strict=True):
        assert (one.name, one.status) == (other.name, other.status)
        assert one.display == other.display or one.name == "compression"  # it names the path


def test_an_audit_is_a_run_of_its_own_that_says_what_it_is(firm: Firm) -> None:
    _, answer_compressed, _ = firm.run()
    report = firm.out / "report.html"
    assert "from every row" not in report.read_text()
    code, answer_exact, err = firm.run("--exact-rows")
    assert code == 0, err
    assert "nothing has changed" not in err
    assert answer_exact == answer_compressed
    assert "from every row, without compression" in report.read_text()
    manifests = [json.loads(p.read_text()) for p in firm.out.glob("runs/*/manifest.json")]
    assert sorted(m["exact_rows"] for m in manifests) == [False, True]
    with Engine.open(firm.out / "analyst.duckdb", read_only=True) as engine:
        assert engine.rows("select exact_rows from results.runs") == [(True,)]
