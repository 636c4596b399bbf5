"""Dose: a slope among those who took part, labelled as an association wherever it is shown."""

from __future__ import annotations

import json

import numpy as np
import pytest

from analysis.disclosure import release
from analysis.estimate import NotEstimable
from analysis.estimators.dose import dose_associations
from analysis.finding import Finding, Flow
from analysis.randomised import diagnose_randomised, estimate_randomised
from analysis.rules import Rules
from reports.build import findings_json, render_html
from tests.report_cases import check, company_report, report

WINDOW = (1, 12)
DOSE = "dose: meetings"


def with_dose(panel, values):
    panel.people[DOSE] = np.asarray(values, dtype=float)
    return panel


# Of the mentored, one meeting, two, three and four; the outcome rises 2, 1 and 3.
TABLE = """
arm      take_up m1
control  0       50
control  0       60
mentored 1       1
mentored 1       3
mentored 1       4
mentored 1       7
mentored 0       99
"""


def test_the_slope_of_those_who_met_by_hand(make_panel, make_spec):
    """Sum of centred products (1.5 x 6 + .5 x 1) / 5 = 1.9; who met nobody is left out."""
    panel = with_dose(make_panel(TABLE), [0, 0, 1, 2, 3, 4, 0])
    (found,) = dose_associations(panel, make_spec(dose=["meetings"]), WINDOW)
    assert found.estimate == pytest.approx(1.9)
    assert (found.n_treated, found.n_comparison, found.n_rows) == (2, 2, 4)
    assert found.target.role == "association"
    assert found.target.estimand.endswith("not an effect")
    assert found.target.unit == "units a meeting"


def test_what_drove_both_is_taken_out_by_adjusting(make_panel, make_spec):
    """The outcome is 5 x skill, and the skilled meet more: nothing is left of 2 a meeting."""
    rng = np.random.default_rng(6)
    skill = rng.normal(size=200)
    meetings = np.round(4 + 2 * skill + rng.normal(size=200)).clip(1)
    lines = [
        f"mentored 1 {s:.6f} {5 * s + e:.6f}"
        for s, e in zip(skill, rng.normal(size=200), strict=True)
    ]
    table = "arm take_up skill m1\n" + "\n".join(["control 0 0 0", "control 0 0 1", *lines])
    panel = with_dose(make_panel(table, covariates=("skill",)), [0, 0, *meetings])
    adjusted, plain = dose_associations(panel, make_spec(dose=["meetings"]), WINDOW)
    assert abs(adjusted.estimate) < 3 * adjusted.std_error
    assert plain.estimate > 1


@pytest.mark.parametrize(
    ("doses", "words"), [([0, 0, 2, 2, 2, 2, 0], "same exposure"), ([0] * 7, "took part")]
)
def test_why_there_is_none(make_panel, make_spec, doses, words):
    found = dose_associations(
        with_dose(make_panel(TABLE), doses), make_spec(dose=["meetings"]), WINDOW
    )
    assert all(isinstance(r, NotEstimable) and words in r.reason for r in found)


@pytest.fixture(scope="module")
def shown(make_panel, make_spec):
    rng = np.random.default_rng(1)
    took = np.arange(200) % 2
    lines = [f"{('control', 'mentored')[t]} {t} {5 + t + rng.normal():.3f}" for t in took]
    panel = with_dose(
        make_panel("arm take_up m1\n" + "\n".join(lines)), took * rng.integers(1, 9, 200)
    )
    spec = make_spec(dose=["meetings"], take_up="recorded", transform="log")
    finding = Finding(
        spec=spec, population="p", flow=Flow(steps=(), arms=()),
        estimates=estimate_randomised(panel, spec),
        diagnostics=(*diagnose_randomised(panel, spec), check("roster")),
    )  # fmt: skip
    return release([finding], Rules())[0]


def test_the_report_says_that_it_is_no_effect_and_keeps_it_apart(shown):
    html = render_html(report(shown))
    _, _, after = html.partition('<section class="sec" id="dose"')
    section = after.partition("</section>")[0]
    assert "Who met more often" in section and "This is not an effect" in section
    _, beside, by_offer = section.split("<figure>")
    for figure in (beside, by_offer):  # once in the title, once in the table
        assert figure.count("% a meeting") == 2
    assert "which is no effect" in beside or "cannot tell whether" in beside
    assert "If the offer acts through meetings alone" in by_offer
    assert "meeting</" not in html.partition('id="others"')[2].partition("</section>")[0]
    found = json.loads(findings_json(report(shown)))
    roles = [e["role"] for e in found[0]["estimates"]]
    assert roles.count("association") == 1 and roles[0] == "headline"


def test_a_report_that_asks_for_no_dose_has_no_such_section():
    assert 'id="dose"' not in render_html(company_report())
