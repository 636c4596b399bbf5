"""The section on mediation: words for paths, functions are no effects, nothing leaks."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from analysis.disclosure import release
from analysis.finding import Finding, Flow, required_checks
from analysis.mediation import mediate
from analysis.randomised import diagnose_randomised, estimate_randomised
from analysis.rules import Rules
from reports.build import render_html
from tests.report_cases import check, company_report, report

VC = "perceived_fit.value_congruence"
MEDIATION = {
    "mediators": [VC, "socialisation"],
    "measured": [1, 6],
    "functions": ["mfq9.career"],
    "functions_measured": [1, 3],
}


def released(make_panel, make_spec, n=400, **rules):
    rng = np.random.default_rng(2)
    t = np.arange(n) % 2
    v = 4 + 0.8 * t + rng.normal(size=n)
    y = 5 - 0.5 * v + rng.normal(size=n)
    lines = [f"{('control', 'mentored')[a]} {b:.4f}" for a, b in zip(t, y, strict=True)]
    panel = make_panel("arm m8\n" + "\n".join(lines))
    spec = make_spec(
        outcome={"metric": "tis6", "kind": "scale", "unit": "points", "higher_is": "worse"},
        mediation=MEDIATION,
        follow_up={"months": 12, "primary": [7, 12]},
    )
    people = pd.DataFrame(
        {
            "person": np.arange(n),
            "arm": panel.people["arm"],
            "time_zero": pd.Timestamp("2024-01-01"),
            f"mediator: {VC}": v,
            "mediator: socialisation": rng.normal(size=n),
            "function: mfq9.career": rng.normal(size=n),
            "function_wave": "w1",
            "function_on": pd.Timestamp("2024-02-01"),
            "mediator_wave": "w2",
            "mediator_on": pd.Timestamp("2024-06-01"),
            "outcome": y,
            "outcome_wave": "w3",
            "outcome_on": pd.Timestamp("2024-12-01"),
        }
    )
    results, notes = mediate(people, spec)
    checks = diagnose_randomised(panel, spec)
    missing = required_checks(spec) - {c.name for c in checks}
    finding = Finding(
        spec=spec,
        population="p",
        flow=Flow(steps=(), arms=()),
        estimates=(*estimate_randomised(panel, spec), *results),
        diagnostics=(*checks, *(check(name) for name in sorted(missing)), *notes),
    )
    return release([finding], Rules(**rules))[0]


@pytest.fixture(scope="module")
def html(make_panel, make_spec):
    return render_html(report(released(make_panel, make_spec)))


def section(html, name):
    _, _, after = html.partition(f'<section class="sec" id="{name}"')
    return re.sub(r"<[^>]+>|\s+", " ", after.partition("</section>")[0])


def test_paths_have_words_and_functions_are_no_effects(html):
    said = section(html, "mediation")
    assert "What goes through the mediators together (joint indirect effect)" in said
    assert "What goes through none of the mediators (direct effect)" in said
    assert "associations and no effects" in said and "mfq9.career" in said
    assert VC not in said  # underscores are no words
    assert said.count("joint indirect effect") == 4  # one row and one title each
    assert said.count("BCa") == 6
    assert "goes through" not in section(html, "others")


def test_assumptions_and_sensitivity_are_printed(html):
    assert "sequential ignorability" in section(html, "methods")
    assert "interventional effect" in section(html, "methods")
    assert "Error correlation at which nothing goes through" in section(html, "checks")


def test_without_mediation_there_is_no_section():
    assert 'id="mediation"' not in render_html(company_report())


def test_what_is_withheld_is_withheld_here_too(make_panel, make_spec):
    """Groups of under 250 people are too small in this project: no path, no correlation."""
    said = render_html(report(released(make_panel, make_spec, min_group=250)))
    assert not re.search(r"rho = -?0", said)
    table = section(said, "mediation")
    assert "Not shown" in table and not re.search(r"points", table)
