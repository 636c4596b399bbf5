"""The table that mediation reads: which answers, of which wave, with which past scores."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.cohort import Cohort
from analysis.errors import SpecError
from analysis.mediation_people import CROSS_SECTIONAL
from analysis.scales.answers import Answers, answers_of
from analysis.scales.mediators import mediation_of
from analysis.scales.study import ScaleStudy

PEOPLE = 200
ZERO, END = pd.Timestamp("2024-01-10"), pd.Timestamp("2025-12-31")
EXITS = pd.DataFrame(
    {
        "person_no": [0],
        "hired_on": [pd.Timestamp("2020-01-01")],
        "exited_on": [pd.NaT],
        "notice_on": [pd.NaT],
        "exit_kind": [None],
    }
)
FIT = "fit.values"


def cohort() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person_no": np.arange(PEOPLE),
            "time_zero": ZERO,
            "arm": np.where(np.arange(PEOPLE) % 2, "mentored", "control"),
            "take_up": np.nan,
            "mentored": np.nan,
            "tenure_months": np.arange(PEOPLE) % 7,
            "nickname": "x",
        }
    )


def answers(**by_day: np.ndarray) -> Answers:
    """A wave for each day (as d2024_03_01), answered by everybody."""
    parts = [
        pd.DataFrame(
            {
                "person_no": np.arange(PEOPLE),
                "wave": day,
                "answered_on": pd.Timestamp(day[1:].replace("_", "-")),
                "value": value,
                "employed": True,
            }
        )
        for day, value in by_day.items()
    ]
    return answers_of(cohort(), pd.concat(parts, ignore_index=True), EXITS, END)


def study(make_spec, outcome: Answers, **asked) -> ScaleStudy:
    spec = make_spec(
        outcome={"metric": "tis6", "kind": "scale", "cut": 3.5},
        follow_up={"months": 12, "primary": [7, 12]},
        mediation={"mediators": [FIT], "measured": [1, 6], **asked},
    )
    return ScaleStudy(
        spec=spec, cohort=Cohort(people=cohort(), steps=()), answers=outcome, range=(1.0, 5.0)
    )


@pytest.fixture
def drawn():
    """Mentoring raises the fit of March by .5, each point of which lowers the intention by .4."""
    rng = np.random.default_rng(3)
    fit = 4 + 0.5 * (np.arange(PEOPLE) % 2) + rng.normal(size=PEOPLE)
    return fit, 3 - 0.4 * fit + 0.3 * rng.normal(size=PEOPLE)


def effects(found) -> dict[str, float]:
    return {r.target.name: r.estimate for r in found[0] if hasattr(r, "estimate")}


def test_the_effect_goes_through_the_first_answer_of_its_window(make_spec, drawn):
    """With a cut the score is mediated, in its points; a later answer would say something else."""
    fit, intention = drawn
    noise = np.random.default_rng(9).normal(size=PEOPLE)
    found = mediation_of(
        study(make_spec, answers(d2024_09_01=intention)),
        {FIT: answers(d2024_03_01=fit, d2024_06_01=noise)},
    )
    gap = fit[1::2].mean() - fit[::2].mean()
    through = effects(found)[f"mediation.acme.{FIT}"]
    assert through == pytest.approx(-0.4 * gap, abs=4 * 0.3 / np.sqrt(PEOPLE))
    assert {r.target.unit for r in found[0] if r.target.name.startswith("mediation.acme")} == {
        "scale points"
    }


def test_the_past_scores_of_outcome_and_mediator_are_held_fixed(make_spec, drawn):
    """Where the mediator is what it was before, mentoring has not moved it."""
    fit, intention = drawn
    rng = np.random.default_rng(1)
    later, moved = (v + 0.3 * rng.normal(size=PEOPLE) for v in (intention, fit))
    found = mediation_of(
        study(make_spec, answers(d2023_09_01=intention, d2024_09_01=later)),
        {FIT: answers(d2023_09_01=fit, d2024_03_01=moved)},
    )
    through = effects(found)[f"mediation.acme.{FIT}"]
    assert abs(through) < 0.05


def test_answers_of_one_wave_give_a_sentence(make_spec, drawn):
    fit, intention = drawn
    asked = study(make_spec, answers(d2024_08_01=intention), measured=[1, 12])
    results, _ = mediation_of(asked, {FIT: answers(d2024_08_01=fit)})
    assert [r.reason for r in results] == [CROSS_SECTIONAL]


def test_a_moderator_is_a_past_score_or_a_number(make_spec, drawn):
    fit, intention = drawn
    outcome = answers(d2024_09_01=intention)
    others = {FIT: answers(d2024_03_01=fit), "climate": answers(d2023_09_01=np.arange(200.0))}
    for name in ("climate", "tenure_months"):
        found = mediation_of(study(make_spec, outcome, moderator=name), others)
        assert f"mediation.index.{FIT}" in effects(found)
    with pytest.raises(SpecError, match="nickname is not a number"):
        mediation_of(study(make_spec, outcome, moderator="nickname"), others)


def test_without_mediation_nothing_is_made(make_spec, drawn):
    plain = study(make_spec, answers(d2024_09_01=drawn[1]))
    plain = ScaleStudy(
        spec=plain.spec.model_copy(update={"mediation": None}),
        cohort=plain.cohort,
        answers=plain.answers,
        range=(1.0, 5.0),
    )
    assert mediation_of(plain, {}) == ((), ())
