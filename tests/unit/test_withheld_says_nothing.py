"""A withheld page is the same page whatever was estimated: nothing of the figures is in it.

Findings are drawn at random and made twice, with other figures; MENTORLIFT_DRAWS says how often.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from analysis.diagnostics.group_size import group_size
from analysis.diagnostics.registered_study import registered_study
from analysis.diagnostics.roster import AgainstDraw, roster
from analysis.estimate import Estimate
from analysis.registry import Entry, judge, meaning
from analysis.rules import MIN_SIDE
from pipelines.results import tables
from reports.build import findings_json, render_html
from tests.report_cases import lottery, released, report, trial

if TYPE_CHECKING:
    from analysis.diagnostics import Diagnostic
    from analysis.finding import Finding

DRAWS = range(int(os.environ.get("MENTORLIFT_DRAWS", "3")))
CASES = {"protected": lottery, "public": trial}


def _few(rng: np.random.Generator, _: Finding) -> Diagnostic:
    """Twelve people in two arms, or any number of which one arm has fewer than ten."""
    treated = int(rng.integers(0, MIN_SIDE))
    arms = pd.Series(["mentee"] * treated + ["control"] * int(rng.integers(12 - treated, 500)))
    return group_size(arms, ("mentee", "control"), int(rng.integers(5, 11)))


def _altered(rng: np.random.Generator, _: Finding) -> Diagnostic:
    wrong = rng.multinomial(rng.integers(1, 9), [0.25] * 4).tolist()
    return roster(int(rng.integers(0, 2)), AgainstDraw(200, *wrong))


def _changed(rng: np.random.Generator, finding: Finding) -> Diagnostic:
    spec, last = finding.spec, finding.spec.follow_up.months
    entry = Entry(
        project="p", study=spec.study, question=spec.question, meaning=meaning(spec),
        as_of="2018-10-01", known_at="2018-10-01", run="r", code_version="0", code_hash="c",
        inputs_hash="i",
    )  # fmt: skip
    window = [int(rng.integers(0, last)), last]
    other = {**entry.meaning, "follow_up": {"months": last, "primary": window}, "cluster": "x"}
    return registered_study(judge(replace(entry, meaning=other, run="s"), [entry]).registration)


VIOLATIONS = {"few people": _few, "altered roster": _altered, "changed study": _changed}


def _with_other_figures(finding: Finding, rng: np.random.Generator) -> Finding:
    """Every figure and every check that gives the effect away drawn anew."""
    scale = 10 ** rng.uniform(-3, 5)

    def anew(e: Any) -> Any:
        if not isinstance(e, Estimate):
            return e
        value, error = rng.normal(0, scale), abs(rng.normal(0, scale))
        ends = {"ci_low": value - 2 * error, "ci_high": value + 2 * error}
        return replace(e, estimate=value, std_error=error, p_value=float(rng.random()), **ends)

    def told(d: Diagnostic) -> Diagnostic:
        drawn = float(rng.normal(0, scale))
        return replace(d, value=drawn, display=f"{drawn:.3f}") if d.reveals_effect else d

    return replace(
        finding,
        estimates=tuple(map(anew, finding.estimates)),
        diagnostics=tuple(map(told, finding.diagnostics)),
    )


def _artifacts(finding: Finding, mode: str) -> tuple[str, str, str]:
    made = report(released(finding, mode=mode))
    rows = json.dumps(tables(made.releases, made.manifest), default=str)
    return render_html(made), findings_json(made), rows


@pytest.mark.parametrize("name", VIOLATIONS)
@pytest.mark.parametrize("mode", CASES)
def test_nothing_shown_depends_on_what_is_withheld(mode: str, name: str) -> None:
    for seed in DRAWS:
        rng = np.random.default_rng(seed)
        finding = CASES[mode]()
        failed = VIOLATIONS[name](rng, finding)
        assert failed.status == "fail" and failed.remedy
        others = tuple(d for d in finding.diagnostics if d.name != failed.name)
        broken = replace(finding, diagnostics=(*others, failed))
        page, findings, rows = _artifacts(_with_other_figures(broken, rng), mode)
        assert (page, findings, rows) == _artifacts(_with_other_figures(broken, rng), mode)
        (found,) = json.loads(findings)
        check = next(d for d in found["diagnostics"] if d["name"] == failed.name)
        assert check["remedy"] == failed.remedy and check["status"] == "fail"
        assert found["grade"] == "Withheld" and "We cannot say" in page


@pytest.mark.parametrize("mode", CASES)
def test_what_is_shown_does_depend_on_it(mode: str) -> None:
    """Else equal pages would prove nothing."""
    rng, finding = np.random.default_rng(1), CASES[mode]()
    first, second = (_artifacts(_with_other_figures(finding, rng), mode) for _ in range(2))
    assert all(a != b for a, b in zip(first, second, strict=True))
