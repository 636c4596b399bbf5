"""Limits of the checks: a project may set them, and every report says which and whose they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from analysis.diagnostics.limits import LIMITS, used_limits
from analysis.diagnostics.thresholds import DEFAULT, PAIRS, Thresholds
from analysis.disclosure import Release, release, restore
from analysis.errors import SpecError
from analysis.rules import Rules
from analysis.study import parse_study
from pipelines.config import load_project
from pipelines.errors import UserError
from reports.build import findings_json, render_html
from tests.flows.conftest import PROJECT, STUDY
from tests.report_cases import report, trial

ROOT = Path(__file__).resolve().parents[2]


def project(tmp_path: Path, limits: str = "", study: str = "") -> Any:
    (tmp_path / "studies").mkdir(exist_ok=True)
    (tmp_path / "mentorlift.yml").write_text(PROJECT + limits)
    (tmp_path / "studies" / "sales.yml").write_text(STUDY + study)
    return load_project(tmp_path)


def test_each_limit_has_words_a_source_and_a_check_that_reads_it() -> None:
    assert list(LIMITS) == list(Thresholds.model_fields)
    code = "\n".join(p.read_text() for p in sorted((ROOT / "analysis").rglob("*.py")))
    for name, limit in LIMITS.items():
        assert limit.words and limit.does and limit.source
        assert f".{name}" in code, f"nothing reads {name}"
        for check in limit.checks:
            assert f'"{check}"' in code, f"no diagnostic is called {check}"
    assert all(a in LIMITS and b in LIMITS for a, b in PAIRS)


def test_the_projects_limits_travel_on_its_studies(tmp_path: Path) -> None:
    plain = project(tmp_path)
    (usual,) = plain.studies
    (same,) = project(tmp_path, "thresholds: {contamination_fail: 0.2}\n").studies
    (other,) = project(tmp_path, "thresholds: {contamination_fail: 0.1}\n").studies
    assert usual.thresholds == DEFAULT
    assert other.thresholds == Thresholds(contamination_fail=0.1)
    assert same.digest() == usual.digest() != other.digest()
    assert usual.digest() == parse_study(yaml.safe_load(STUDY)).digest()


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ("{contamination_fial: 0.1}", "Did you mean `contamination_fail`?"),
        ("{contamination_fail: 20}", "0.05 is five per cent"),
        ("{placebo_fail_p: 0}", "lies between 0 and 1"),
        ("{contamination_fail: 0.01}", "would fail before `contamination_warn` warns"),
        ("{comparable_warn: 0.5}", "would fail before `comparable_warn` warns"),
        ("{people_fail: 1}", "too small"),
        ("{weights_mean: -1}", "too small"),
        ("{adjusted_smd: wide}", "valid number"),
        ("{adjusted_smd: true}", "valid number"),
        ("{adjusted_smd: .nan}", "finite number"),
    ],
)
def test_an_impossible_limit_is_refused_with_the_fix(
    tmp_path: Path, limits: str, says: str
) -> None:
    with pytest.raises(UserError) as error:
        project(tmp_path, f"thresholds: {limits}\n")
    assert says in f"{error.value.problem} {error.value.fix}"
    assert "mentorlift.yml: thresholds" in error.value.problem


def test_a_study_cannot_choose_its_own_limits(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        project(tmp_path, study="thresholds: {contamination_fail: 0.9}\n")
    assert "sales.yml: thresholds" in error.value.problem
    assert "project file" in error.value.fix
    with pytest.raises(SpecError):
        parse_study({"thresholds": {}})


@pytest.mark.parametrize(
    ("name", "value", "looser"),
    [
        ("contamination_fail", 0.4, True),
        ("contamination_fail", 0.1, False),
        ("placebo_fail_p", 0.01, True),
        ("placebo_fail_p", 0.06, False),
        ("comparable_fail", 0.5, True),
        ("negative_control_ease", 0.5, True),
        ("scale_people", 1_000, True),  # fewer waves are looked at
        ("scale_people", 20, False),
    ],
)
def test_which_way_is_looser(name: str, value: float, looser: bool) -> None:
    (used,) = (
        x for x in used_limits(Thresholds(**{name: value}), LIMITS[name].checks) if x.name == name
    )
    assert (used.looser, used.set_by, used.value) == (looser, "project file", value)


def shown(**limits: float) -> Release:
    spec = trial().spec.model_copy(update={"thresholds": Thresholds(**limits)})
    return release([replace(trial(), spec=spec)], Rules(mode="public"))[0][0]


def test_only_limits_that_were_used_are_listed() -> None:
    names = {x.name for x in shown().limits}
    assert {"sample_ratio_fail_p", "contamination_warn"} <= names
    assert not names & {"pre_trend_fail_p", "placebo_fail_p", "exits_a_parameter_warn"}


def test_a_looser_limit_is_said_plainly() -> None:
    made = shown(contamination_fail=0.4)
    page, found = (f(report((made,))) for f in (render_html, findings_json))
    assert "looser than the default" in page
    assert (
        "Looser than the default: comparators who were mentored, or share a team with mentees: "
        "fails above 40 % (default above 20 %)."
    ) in made.reasons
    assert '"looser_than_default": true' in found
    usual = render_html(report((shown(),)))
    assert "looser than the default" not in usual
    assert "Schulz and Grimes 2002" in usual
    stricter = render_html(report((shown(contamination_fail=0.1),)))
    assert "stricter than the default (above 20 %)" in stricter
    assert "looser" not in stricter


def test_limits_survive_being_written_down() -> None:
    made = shown(contamination_fail=0.4)
    assert restore(made.as_dict(), made.digest()).limits == made.limits
