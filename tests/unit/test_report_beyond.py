"""What the report says of others than those mentored, and what it keeps to itself."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest

from analysis.beyond.volunteers import voluntary_funnel
from analysis.errors import SpecError
from analysis.estimate import NotEstimable
from analysis.study import parse_study
from reports.build import findings_json, render_html
from tests.report_cases import check, estimate, released, report, required, target, trial

ASSOCIATION = {"role": "association", "estimator": "Fixed effects of people and months"}
FIGURES = (
    estimate("branches.all", 311.1, 91.1, estimator="Two branches"),
    estimate("branches.in", 12.3, 81.7, estimator="Two branches"),
    estimate("branches.out", 633.3, 171.9, estimator="Two branches"),
    estimate("branches.band.out", 633.3, 171.9, ci=(177.7, 1088.8), estimator="Two branches"),
    estimate("mentors.within", -47.7, 13.7, **ASSOCIATION),
    estimate("mentors.raw", 744.4, 33.9, role="association", estimator="Raw gap"),
    estimate("team_mates.slope", 21.3, 97.3, estimator="Share of mates, by their lots"),
)


def words(html: str) -> str:
    text = re.sub("<[^>]+>", " ", html).replace("\u202f", " ").replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text)


def finding(**checks: object):
    made = trial()
    return replace(
        made,
        estimates=(*made.estimates, *FIGURES),
        diagnostics=(*required(**checks), *made.diagnostics[4:]),  # type: ignore[arg-type]
    )


def test_figures_stand_in_their_own_sections_with_their_assumptions() -> None:
    html = render_html(report(released(finding(), mode="public")))
    said = words(html)
    assert "all four at once 178 to 1,089" in said
    assert "At best Suggestive" in said
    assert "voluntariness itself has no effect" in said
    assert "The data cannot tell whether mates gain or lose" in said
    others = said[said.index("The same study by other methods") :]
    others = others[: others.index("Volunteers and everybody else")]
    assert "633" not in others


def test_nothing_of_them_is_left_where_the_headline_is_withheld() -> None:
    made = finding(balance=check("balance", "fail"))
    shown = report(released(made))
    html, findings = render_html(shown), findings_json(shown)
    assert "these figures included" in words(html)
    for figure in ("311", "633", "177.7", "1088", "1,088", "1,089", "47.7", "744", "21.3"):
        assert figure not in words(html)
        assert figure not in findings


def test_no_section_where_nobody_asked() -> None:
    said = words(render_html(report(released(trial(), mode="public"))))
    assert "Volunteers and everybody else" not in said
    assert "Beyond the people mentored" not in said


def test_a_reason_stands_where_there_is_no_figure() -> None:
    made = trial()
    why = NotEstimable(target=target("team_mates.slope"), reason="fewer than 40 teams")
    html = render_html(report(released(replace(made, estimates=(*made.estimates, why)))))
    assert "Not shown: fewer than 40 teams" in words(html)


BASE = {
    "study": "s",
    "question": "q?",
    "as_of": "2025-12-31",
    "programme": "P",
    "design": "randomised",
    "arms": {"treated": "mentee", "comparison": "control"},
    "outcome": {"metric": "kpi"},
    "follow_up": {"months": 6, "primary": [1, 6]},
}


@pytest.mark.parametrize(
    ("keys", "key", "why"),
    [
        ({"branches": {"voluntary": "P"}}, "branches.voluntary", "own programme"),
        (
            {"branches": {"voluntary": "Q"}, "outcome": {"metric": "kpi", "kind": "count"}},
            "branches",
            "differences",
        ),
        ({"spillover": {"team": ["office"]}}, "spillover", "told from"),
        ({"spillover": {"team": "site", "saturations": [0.5, 0.5]}}, "spillover", "two different"),
        (
            {"design": "opt_in", "time_zero": "invited_on", "spillover": {"team": "site"}},
            "spillover",
            "needs lots",
        ),
        (
            {"mentors": {"level": 3}, "outcome": {"metric": "kpi", "kind": "count"}},
            "mentors",
            "not for kind count",
        ),
    ],
)
def test_keys_that_do_not_fit_are_refused(keys, key: str, why: str) -> None:
    with pytest.raises(SpecError, match=why) as refused:
        parse_study({**BASE, **keys})
    assert refused.value.key.startswith(key)


def test_the_hash_of_studies_without_these_keys_stays() -> None:
    assert parse_study(BASE).digest() == parse_study({**BASE, "branches": None}).digest()


@pytest.mark.parametrize(
    ("arms", "applied", "zero", "why"),
    [
        (["mentee", "control"], ["d", "d"], ["d", "d"], "everybody there opted in"),
        (["mentee", None], ["d", None], ["d", None], "is empty for everybody"),
        (["mentee", None, None], ["d", None, "d"], ["d", "d", "d"], "has no arm"),
    ],
)
def test_the_voluntary_branch_must_hold_everybody(arms, applied, zero, why: str) -> None:
    days = {"d": pd.Timestamp("2025-03-01"), None: pd.NaT}
    funnel = pd.DataFrame(
        {
            "arm": arms,
            "applied_on": [days[a] for a in applied],
            "time_zero": [days[z] for z in zero],
        }
    )
    spec = parse_study({**BASE, "branches": {"voluntary": "Q"}})
    with pytest.raises(SpecError, match=why):
        voluntary_funnel(spec, funnel)
