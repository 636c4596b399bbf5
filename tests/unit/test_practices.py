"""What pairs did: columns from matches and meetings, three kinds of mentors, meetings by offer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import SpecError
from analysis.estimate import Estimate, NotEstimable
from analysis.estimators.dose import dose_associations
from analysis.estimators.dose_instrumented import instrumented_dose
from analysis.estimators.formality import ASSOCIATION, formality_associations
from analysis.estimators.two_stage import two_stage_least_squares
from analysis.outcomes.practices import practices

WINDOW = (1, 12)
DAY = pd.Timestamp


def people(**columns):
    frame = {
        "person_no": [1, 2, 3, 4],
        "time_zero": DAY("2024-01-10"),
        "matched_on": [DAY("2024-02-01"), DAY("2024-02-01"), pd.NaT, pd.NaT],
        "informal_on": pd.NaT,
        "take_up": [1.0, 0.0, 0.0, 0.0],
        "says_informal": np.nan,
    }
    return pd.DataFrame({**frame, **columns})


def matches(**columns):
    """Person 1 set a goal before the match; 2 a day after; 3 was matched long before."""
    frame = {
        "person_no": [1, 2, 3],
        "matched_on": [DAY("2024-02-01"), DAY("2024-02-01"), DAY("2020-02-01")],
        "goal_set_on": [DAY("2024-01-31"), DAY("2024-02-02"), DAY("2020-01-31")],
        "reason_recorded": pd.array([True, False, None], dtype="boolean"),
    }
    return pd.DataFrame({**frame, **columns})


def meetings():
    """1 met in months 1, 1, 3 and 12; 2 once, in month 12; 3 before time zero."""
    days = ["2024-02-05", "2024-02-20", "2024-04-01", "2025-01-05", "2025-01-06", "2023-01-01"]
    return pd.DataFrame(
        {
            "person_no": [1, 1, 1, 1, 2, 3],
            "held_on": pd.to_datetime(days),
            "minutes": 30.0,
            "acted_on_advice": pd.array([None, True, False, True, None, True], dtype="boolean"),
        }
    )


def columns(make_spec, *names, **frames):
    given = {"people": people(), "meetings": meetings(), "matches": matches(), **frames}
    spec = make_spec(practices=list(names))
    found = practices(spec, given["people"], given["meetings"], given["matches"])
    return {name: [None if np.isnan(v) else v for v in found[name]] for name in names}


def test_practices_by_hand(make_spec):
    found = columns(make_spec, "goal_set_before", "reason_recorded", "rhythm", "acted_on_advice")
    assert found["goal_set_before"] == [1, 0, None, None]
    assert found["reason_recorded"] == [1, 0, None, None]
    # months 1 to 12 are twelve, of which three had a meeting; month 12 alone is one of one
    assert found["rhythm"] == [3 / 12, 1, None, None]
    assert found["acted_on_advice"] == [pytest.approx(2 / 3), None, None, None]


def test_no_goal_at_all_is_none_set_where_others_have_one(make_spec):
    table = matches(goal_set_on=[DAY("2024-01-31"), pd.NaT, pd.NaT])
    found = columns(make_spec, "goal_set_before", matches=table)
    assert found["goal_set_before"] == [1, 0, None, None]


def test_formal_informal_none_and_not_asked(make_spec):
    table = people(says_informal=[1.0, np.nan, 1.0, 0.0])
    assert columns(make_spec, "formality", people=table)["formality"] == [2, 2, 1, 0]
    table = people(says_informal=[np.nan, np.nan, 0.0, np.nan])
    assert columns(make_spec, "formality", people=table)["formality"] == [2, 2, 0, None]
    table = people(informal_on=[pd.NaT, pd.NaT, DAY("2024-03-01"), pd.NaT])  # nobody was asked
    assert columns(make_spec, "formality", people=table)["formality"] == [2, 2, 1, 0]


@pytest.mark.parametrize(
    ("name", "frames", "words"),
    [
        ("goal_set_before", {"matches": matches(goal_set_on=pd.NaT)}, "`goal_set_on` in `matches`"),
        ("reason_recorded", {"matches": None}, "`reason_recorded` in `matches`"),
        ("rhythm", {"meetings": None}, "`sessions`"),
        (
            "acted_on_advice",
            {"meetings": meetings().assign(acted_on_advice=pd.NA)},
            "`acted_on_advice` in `sessions`",
        ),
        ("formality", {}, "informal_mentor"),
    ],
)
def test_what_is_not_recorded_is_refused_naming_what_to_deliver(make_spec, name, frames, words):
    with pytest.raises(SpecError, match="is not recorded") as told:
        columns(make_spec, name, **frames)
    assert words in str(told.value)


def test_a_practice_without_a_name_is_refused(make_spec):
    with pytest.raises(SpecError, match="practices"):
        make_spec(practices=["friendship"])


# Of the mentored, two with a goal and two without: 6 and 4 against 3 and 1.
TABLE = """
arm      take_up m1
control  0       50
control  0       60
mentored 1       6
mentored 1       4
mentored 1       3
mentored 1       1
mentored 0       99
"""


def test_a_practice_is_an_association_among_those_who_took_part(make_panel, make_spec):
    panel = make_panel(TABLE)
    panel.people["practice: goal_set_before"] = [np.nan, np.nan, 1, 1, 0, 0, np.nan]
    (found,) = dose_associations(panel, make_spec(practices=["goal_set_before"]), WINDOW)
    assert found.estimate == pytest.approx(3)
    assert (found.n_treated, found.n_comparison) == (2, 2)
    assert found.target.role == "association"
    assert found.target.name == "practice: goal_set_before"
    assert found.target.unit == "units with a goal set before the match"


def test_three_groups_side_by_side(make_panel, make_spec):
    """None 50 and 60, informal 6 and 4, formal 3 and 1: -50 and -53, whatever the arm."""
    panel = make_panel(TABLE)
    panel.people["practice: formality"] = [0, 0, 1, 1, 2, 2, np.nan]
    formal, informal = formality_associations(panel, make_spec(practices=["formality"]), WINDOW)
    assert formal.estimate == pytest.approx(2 - 55)
    assert informal.estimate == pytest.approx(5 - 55)
    assert formal.target.estimand == ASSOCIATION and formal.target.role == "association"
    assert (informal.n_treated, informal.n_comparison, informal.n_rows) == (2, 2, 6)
    panel.people["practice: formality"] = [0, 0, 1, 2, 2, 2, np.nan]
    _, alone = formality_associations(panel, make_spec(practices=["formality"]), WINDOW)
    assert isinstance(alone, NotEstimable) and "informal mentor" in alone.reason


def offered(make_panel, per_meeting, *, moved=3, n=400):
    """Skill drives meetings and sales alike; the offer adds three meetings, each does its part."""
    rng = np.random.default_rng(5)
    skill, won = rng.normal(size=n), np.arange(n) % 2
    meetings = np.where(won, (moved + np.round(skill)).clip(0), 0.0)
    sales = 20 + 4 * skill + per_meeting * meetings + rng.normal(size=n)
    lines = [
        f"{('control', 'mentored')[w]} {float(m > 0)} {y:.6f}"
        for w, m, y in zip(won, meetings, sales, strict=True)
    ]
    panel = make_panel("arm take_up m1\n" + "\n".join(lines))
    panel.people["dose: meetings"] = meetings
    return panel


def test_an_offer_tells_meetings_from_who_meets(make_panel, make_spec):
    """The slope among takers is far above the truth of 2; the instrument finds it."""
    spec = make_spec(dose=["meetings"], take_up="recorded")
    panel = offered(make_panel, 2.0)
    (found,) = instrumented_dose(panel, spec, WINDOW)
    (slope,) = dose_associations(panel, spec, WINDOW)
    assert isinstance(found, Estimate)
    assert abs(found.estimate - 2) < 3 * found.std_error
    assert slope.estimate - 2 > 5 * slope.std_error
    assert found.target.unit == "units a meeting"
    assert "if the offer acts through meetings alone" in found.target.estimand
    assert found.target.role == "secondary"


def test_with_one_meeting_each_it_is_the_effect_on_takers(make_panel, make_spec):
    spec = make_spec(dose=["meetings"], take_up="recorded")
    panel = offered(make_panel, 2.0)
    panel.people["dose: meetings"] = panel.people["take_up"]
    (found,) = instrumented_dose(panel, spec, WINDOW)
    takers = two_stage_least_squares(panel, spec, WINDOW)[0]
    assert found.estimate == pytest.approx(takers.estimate)
    assert found.std_error == pytest.approx(takers.std_error)
    assert found.n_smallest == takers.n_smallest


def test_an_offer_that_hardly_moves_meetings_is_no_instrument(make_panel, make_spec):
    panel = offered(make_panel, 2.0)
    rng = np.random.default_rng(1)
    panel.people["dose: meetings"] = rng.poisson(3, len(panel.people)).astype(float)
    (none,) = instrumented_dose(panel, make_spec(dose=["meetings"]), WINDOW)
    assert isinstance(none, NotEstimable)
    assert "moves meetings too little" in none.reason


def test_practices_have_no_instrument(make_panel, make_spec):
    panel = offered(make_panel, 2.0)
    panel.people["practice: rhythm"] = panel.people["take_up"]
    assert instrumented_dose(panel, make_spec(practices=["rhythm"]), WINDOW) == ()
