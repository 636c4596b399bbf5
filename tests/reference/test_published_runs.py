"""Two published trials through the whole path, raw files to findings.json, to the figures in print.

Tolerances: the papers print two decimals (Kenya) and no decimals (JTPA, recomputed to two), so .01
and .1 are rounding alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipelines.run import run

if TYPE_CHECKING:
    from pathlib import Path

KENYA_TOLERANCE = 0.01
JTPA_TOLERANCE = 0.1


def _findings(name: str, shared: Path, root: Path, out: Path) -> dict[str, dict]:
    project = root / "data" / "examples" / name
    run(project, shared / "benchmarks" / name, out, lambda _: None)
    found = json.loads((out / "findings.json").read_text())
    return {finding["study"]: finding for finding in found}


@pytest.fixture(scope="module")
def own_key(tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("key") / "test.key"
    path.write_text("ab" * 32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MENTORLIFT_KEY_FILE", str(path))
        yield


@pytest.fixture(scope="module")
def kenya(shared: Path, own_key: None, pytestconfig: pytest.Config, tmp_path_factory) -> dict:
    out = tmp_path_factory.mktemp("kenya")
    return _findings("kenya_mentors", shared, pytestconfig.rootpath, out)["kenya-weekly-profit"]


@pytest.fixture(scope="module")
def jtpa(shared: Path, own_key: None, pytestconfig: pytest.Config, tmp_path_factory) -> dict:
    return _findings("jtpa", shared, pytestconfig.rootpath, tmp_path_factory.mktemp("jtpa"))


def _pick(finding: dict, **wanted: object) -> dict:
    (one,) = [
        e for e in finding["estimates"] if all(e[key] == value for key, value in wanted.items())
    ]
    return one


@pytest.mark.parametrize(
    ("arm", "estimate", "std_error"), [("mentee", 371.83, 133.02), ("class", 124.51, 144.90)]
)
def test_the_published_pooled_specification(
    kenya: dict, arm: str, estimate: float, std_error: float
) -> None:
    found = _pick(kenya, name="specification: as_published", arm=arm)
    assert found["estimate"] == pytest.approx(estimate, abs=KENYA_TOLERANCE)
    assert found["std_error"] == pytest.approx(std_error, abs=KENYA_TOLERANCE)
    assert found["n_rows"] == 2578


def test_the_headline_is_follow_up_only(kenya: dict) -> None:
    mentee = _pick(kenya, role="headline")
    assert mentee["estimate"] == pytest.approx(368.74, abs=KENYA_TOLERANCE)
    assert mentee["std_error"] == pytest.approx(131.57, abs=KENYA_TOLERANCE)
    assert mentee["n_rows"] == 2211
    other = _pick(kenya, name=mentee["name"], window=[1, 17], arm="class", role="secondary")
    assert other["estimate"] == pytest.approx(110.82, abs=KENYA_TOLERANCE)
    assert other["std_error"] == pytest.approx(143.28, abs=KENYA_TOLERANCE)


def test_effects_by_month_stand_beside_it(kenya: dict) -> None:
    by_month = [e for e in kenya["estimates"] if e["name"] == "by_month"]
    months = [e["window"][0] for e in by_month if e["arm"] == "mentee"]
    assert months == [1, 2, 3, 4, 7, 12, 17]


def test_response_by_arm_is_a_diagnostic(kenya: dict) -> None:
    (last,) = [
        d
        for d in kenya["diagnostics"]
        if d["name"] == "response_by_month" and "17" in d["display"].split(":")[0]
    ]
    for share in ("84.9", "86.0", "79.8"):
        assert share in last["display"].replace("\u202f", " ")


def test_the_grade_says_why(kenya: dict) -> None:
    assert kenya["grade"] in {"Randomised", "Credible", "Suggestive"}
    assert kenya["reasons"]


@pytest.mark.parametrize(
    ("study", "itt", "plain", "first_stage", "late"),
    [
        ("jtpa-men", (969.92, 545.53), (1116.58, 568.57), 0.6117, (1592.94, 893.3)),
        ("jtpa-women", (1139.46, 340.81), (1242.56, 358.85), 0.6399, (1779.92, 530.95)),
    ],
)
def test_offer_take_up_and_effect_on_takers(
    jtpa: dict,
    study: str,
    itt: tuple[float, float],
    plain: tuple[float, float],
    first_stage: float,
    late: tuple[float, float],
) -> None:
    finding = jtpa[study]
    for name, (estimate, std_error) in {
        "primary": itt,
        "difference_in_means": plain,
        "two_stage_least_squares": late,
    }.items():
        found = _pick(finding, name=name)
        assert found["estimate"] == pytest.approx(estimate, abs=JTPA_TOLERANCE), name
        assert found["std_error"] == pytest.approx(std_error, abs=JTPA_TOLERANCE), name
        assert "HC1" in found["convention"] or name == "two_stage_least_squares"
    assert _pick(finding, name="first_stage")["estimate"] == pytest.approx(first_stage, abs=1e-4)
