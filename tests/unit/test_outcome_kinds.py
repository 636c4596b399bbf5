"""Ratings, promotions, output after an exit: small tables in, rows of a panel out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from analysis.cohort import Cohort
from analysis.diagnostics.thresholds import DEFAULT
from analysis.diagnostics.who_rates import confirmed
from analysis.disclosure import release
from analysis.errors import SpecError
from analysis.estimate import NotEstimable
from analysis.finding import Finding, Flow
from analysis.follow_up import build_panel
from analysis.objective import with_objective
from analysis.outcome import Outcome
from analysis.outcomes.after_exit import with_zeros
from analysis.outcomes.promotion import promotion_rows
from analysis.outcomes.rating import standardised
from analysis.outcomes.team import mentored_mates
from analysis.randomised import diagnose_randomised, estimate_randomised
from analysis.rules import Rules
from analysis.study import parse_study
from tests.report_cases import check, estimate, target

BEST = {"five, 5 best": "highest", "four, 1 best": "lowest"}
NEVER = pd.NaT


def day(text: str) -> pd.Timestamp:
    return NEVER if text == "-" else pd.Timestamp(text)


def people(table: str) -> pd.DataFrame:
    """Columns person_no arm time_zero exited_on level; "-" is nothing."""
    rows = [line.split() for line in table.strip().splitlines()]
    return pd.DataFrame(
        {
            "person_no": [int(r[0]) for r in rows],
            "arm": [r[1] for r in rows],
            "time_zero": pd.to_datetime([r[2] for r in rows]),
            "exited_on": pd.to_datetime([day(r[3]) for r in rows]),
            "level": [None if r[4] == "-" else r[4] for r in rows],
            "take_up": np.nan,
            "mentored": np.nan,
        }
    )


def cycle(scale: str, values: list[float]) -> dict[str, float | str]:
    """What the query gives with every rating of a cycle in which these people were rated."""
    return {
        "scale": scale,
        "rated": float(len(values)),
        "centre": float(np.mean(values)),
        "squares": float(np.square(values).sum()),
    }


FIVE = [1, 2, 2, 3, 3, 3, 3, 4, 4, 5]  # mean 3, squares about it 12, standard deviation sqrt(12/9)
FOUR = [1, 1, 2, 2, 2, 2, 3, 3, 4, 4, 4]  # mean 28/11


def rating_spec(make_spec, **more):
    outcome = {"metric": "rating", "kind": "rating", "scales": BEST, **more.pop("outcome", {})}
    return make_spec(outcome=outcome, **more)


def test_ratings_are_standard_deviations_within_cycle_and_scale_the_better_the_higher(make_spec):
    rows = [
        {"value": 5.0, **cycle("five, 5 best", FIVE)},
        {"value": 1.0, **cycle("four, 1 best", FOUR)},
    ]
    five, four = standardised(rating_spec(make_spec), pd.DataFrame(rows))
    assert five == pytest.approx(2 / np.sqrt(12 / 9))
    assert four == pytest.approx((28 / 11 - 1) / np.std(FOUR, ddof=1))


@pytest.mark.parametrize("values", [[3] * 12, [1, 2, 3, 4, 5, 1, 2, 3, 4]])
def test_a_cycle_without_spread_or_under_ten_people_is_no_yardstick(make_spec, values):
    rows = [{"value": 3.0, **cycle("five, 5 best", values)}]
    spec = rating_spec(make_spec, outcome={"scales": {"five, 5 best": "highest"}})
    assert np.isnan(standardised(spec, pd.DataFrame(rows))).all()


def test_several_scales_need_a_word_on_each(make_spec):
    rows = [{"value": 2.0, **cycle(scale, FIVE)} for scale in BEST]
    spec = rating_spec(make_spec, outcome={"scales": {"five, 5 best": "highest"}})
    with pytest.raises(SpecError, match="for four, 1 best the study does not say") as caught:
        standardised(spec, pd.DataFrame(rows))
    assert "highest" in caught.value.fix and caught.value.key == "outcome.scales"
    with pytest.raises(SpecError, match="no rating of rating is on the scale"):
        standardised(rating_spec(make_spec), pd.DataFrame(rows[:1]))


def rated(mentors: tuple[int, ...] = ()) -> pd.DataFrame:
    """Forty people rated in the month before (by 7) and the month after, with the next rater."""
    rng = np.random.default_rng(3)
    found = []
    for person in range(1, 41):
        for month, rater in (("2023-12-01", 7), ("2024-02-01", 7 if person % 4 else 8)):
            found.append(
                {
                    "person_no": person,
                    "month": pd.Timestamp(month),
                    "value": float(rng.integers(1, 6)),
                    "rater_no": float(rater),
                    "by_mentor": person in mentors,
                    **cycle("five, 5 best", FIVE),
                }
            )
    return pd.DataFrame(found)


def forty() -> Cohort:
    lines = [
        f"{i} {'mentored' if i % 2 else 'control'} 2024-01-10 - {1 + i % 3}" for i in range(1, 41)
    ]
    return Cohort(people=people("\n".join(lines)), steps=())


ONE = {"scales": {"five, 5 best": "highest"}}


def finding(make_spec, outcomes: pd.DataFrame, **outcome: object) -> Finding:
    spec = rating_spec(
        make_spec, outcome={**ONE, **outcome}, follow_up={"months": 3, "primary": [1, 3]}
    )
    panel = build_panel(spec, forty(), outcomes)
    return Finding(
        spec=spec,
        population="forty",
        flow=Flow(steps=(), arms=()),
        estimates=estimate_randomised(panel, spec),
        diagnostics=(*diagnose_randomised(panel, spec), check("roster")),
    )


def test_a_rater_who_may_know_caps_the_grade_and_takes_no_step(make_spec):
    found = finding(make_spec, rated())
    assert found.grade == "Suggestive"
    assert any("Capped at Suggestive" in line for line in found.reasons)
    (check,) = [d for d in found.diagnostics if d.name == "who_rates"]
    assert check.status == "warn" and check.value == 0
    assert "raters: blind" in check.remedy


def test_blind_raters_keep_the_grade_of_the_design(make_spec):
    assert finding(make_spec, rated(), raters="blind").grade == "Randomised"


@pytest.mark.parametrize(
    ("rating", "objective", "agrees"),
    [
        (0.2, (2.0, 0.5), True),
        (-0.2, (-2.0, 0.5), True),
        (0.2, (-2.0, 0.5), False),
        (0.2, (0.5, 0.5), False),  # the data cannot tell it from none
    ],
)
def test_an_objective_outcome_lifts_the_cap_only_where_it_agrees(
    make_spec, rating, objective, agrees
):
    found = finding(make_spec, rated())
    (check,) = [d for d in found.diagnostics if d.name == "who_rates"]
    said = confirmed(check, estimate("primary", rating, 0.3), estimate("other", *objective))
    assert (said.status, said.capped_at) == (("pass", None) if agrees else ("warn", "Suggestive"))
    none = NotEstimable(target=target("other"), reason="nobody was measured")
    assert confirmed(check, estimate("primary", rating, 0.3), none) == check


@pytest.mark.parametrize(("errors", "agrees"), [(-2.0, True), (2.0, False)])
def test_fewer_errors_confirm_a_better_rating_and_more_do_not(make_spec, errors, agrees):
    (check,) = [d for d in finding(make_spec, rated()).diagnostics if d.name == "who_rates"]
    rating, objective = estimate("primary", 0.2, 0.3), estimate("other", errors, 0.5)
    checks = with_objective((check,), rating, objective, "worse")
    assert [c.status for c in checks] == ["pass" if agrees else "warn"]


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"objective": {"metric": "rating"}}, "another metric"),
        ({"higher_is": "worse"}, "higher is better"),
    ],
)
def test_a_rating_confirms_no_rating_and_is_turned_by_its_scale(keys, why):
    with pytest.raises(ValidationError, match=why):
        Outcome(metric="rating", kind="rating", **keys)


def test_mentors_who_rate_cannot_be_declared_blind(make_spec):
    found = finding(make_spec, rated(mentors=(1, 3, 5)), raters="blind")
    assert found.grade == "Suggestive"
    (check,) = [d for d in found.diagnostics if d.name == "who_rates"]
    assert check.value == pytest.approx(3 / 40)


def test_a_finding_on_ratings_needs_the_check(make_spec):
    found = finding(make_spec, rated())
    others = tuple(d for d in found.diagnostics if d.name != "who_rates")
    with pytest.raises(ValueError, match="who_rates"):
        Finding(
            spec=found.spec, population="", flow=found.flow,
            estimates=found.estimates, diagnostics=others,
        )  # fmt: skip


def test_changed_raters_are_counted_by_arm(make_spec):
    """Every fourth person has another rater: ten of the even twenty, nobody of the odd."""
    found = finding(make_spec, rated())
    (check,) = [d for d in found.diagnostics if d.name == "rater_changes"]
    assert check.status == "note"
    assert [(s.label, s.people, s.of) for s in check.shares] == [
        ("control", 10, 20),
        ("mentored", 0, 20),
    ]


def test_the_unit_of_a_rating_is_said_in_the_release(make_spec):
    (shown,), _ = release([finding(make_spec, rated())], Rules())
    assert shown.unit == "SD"
    assert "not causal if exits differ" in shown.outcome_note
    assert {e.name for e in shown.estimates} >= {"lee_bound_lower", "lee_bound_upper"}


JOBS = """
1 2023-01-01 2
1 2024-02-15 3
1 2024-03-01 2
2 2023-01-01 2
2 2024-01-05 3
3 2023-01-01 1
3 2024-02-20 2
4 2023-01-01 1
4 2024-02-01 1
"""
STAFF = """
1 mentored 2024-01-10 - 2
2 control 2024-01-10 - 3
3 mentored 2024-01-10 2024-02-10 1
4 control 2024-01-10 - 1
5 control 2024-01-10 - -
"""


def promotion_spec(make_spec, **more):
    outcome = {"metric": "level", "kind": "promotion", **more.pop("outcome", {})}
    return make_spec(
        outcome=outcome, follow_up={"months": 3, "primary": [3, 3]}, as_of="2024-12-31", **more
    )


def jobs(text: str = JOBS) -> pd.DataFrame:
    rows = [line.split() for line in text.strip().splitlines()]
    return pd.DataFrame(
        {
            "person_no": [int(r[0]) for r in rows],
            "valid_from": pd.to_datetime([r[1] for r in rows]),
            "level": [r[2] for r in rows],
        }
    )


def test_promoted_by_the_end_of_each_month_while_employed(make_spec):
    """1 rose in month 1 and stays counted; 2 rose before; 3 had left; 4 did not rise; 5 unknown."""
    rows = promotion_rows(promotion_spec(make_spec), people(STAFF), jobs())
    wide = rows.pivot(index="person", columns="event_month", values="outcome")
    assert wide.loc[1].tolist() == [0, 1, 1, 1]
    for person in (2, 3, 4):
        assert wide.loc[person].tolist() == [0, 0, 0, 0]
    assert 5 not in wide.index


def test_months_that_are_not_over_are_not_counted(make_spec):
    spec = promotion_spec(make_spec).model_copy(update={"as_of": pd.Timestamp("2024-02-29").date()})
    assert promotion_rows(spec, people(STAFF), jobs())["event_month"].max() == 1
    spec = spec.model_copy(update={"as_of": pd.Timestamp("2024-02-28").date()})
    assert promotion_rows(spec, people(STAFF), jobs())["event_month"].max() == 0


def test_levels_that_are_words_need_their_order(make_spec):
    words = jobs(
        JOBS.replace(" 1\n", " junior\n").replace(" 2\n", " mid\n").replace(" 3\n", " lead\n")
    )
    staff = people(STAFF)
    staff["level"] = staff["level"].map({"1": "junior", "2": "mid", "3": "lead"})
    with pytest.raises(SpecError, match="which is higher") as caught:
        promotion_rows(promotion_spec(make_spec), staff, words)
    assert "junior, lead, mid" in caught.value.fix
    named = promotion_spec(make_spec, outcome={"levels": ["junior", "mid", "lead"]})
    rows = promotion_rows(named, staff, words)
    assert rows.groupby("person")["outcome"].max().to_dict() == {1: 1, 2: 0, 3: 0, 4: 0}
    with pytest.raises(SpecError, match="lead is a level of the jobs"):
        promotion_rows(
            promotion_spec(make_spec, outcome={"levels": ["junior", "mid"]}), staff, words
        )


def test_numbers_are_ordered_as_numbers(make_spec):
    staff = people("1 mentored 2024-01-10 - 9")
    rows = promotion_rows(promotion_spec(make_spec), staff, jobs("1 2023-01-01 9\n1 2024-02-01 10"))
    assert rows["outcome"].tolist() == [0, 1, 1, 1]


def test_a_promotion_is_shown_in_points_without_bounds_for_stayers(make_spec):
    rng = np.random.default_rng(1)
    lines, rises = [], []
    for i in range(1, 201):
        lines.append(f"{i} {'mentored' if i % 2 else 'control'} 2024-01-10 - 1")
        rises.append(f"{i} 2023-01-01 1")
        if rng.random() < (0.5 if i % 2 else 0.2):
            rises.append(f"{i} 2024-03-01 2")
    spec = promotion_spec(make_spec)
    panel = build_panel(
        spec, Cohort(people=people("\n".join(lines)), steps=()), jobs("\n".join(rises))
    )
    found = {r.target.name: r for r in estimate_randomised(panel, spec)}
    rose = {int(line.split()[0]) for line in rises if line.endswith(" 2")}
    shares = [sum(i in rose for i in range(first, 201, 2)) / 100 for first in (1, 2)]
    assert found["primary"].estimate == pytest.approx(shares[0] - shares[1])
    assert found["primary"].target.unit == "share"
    assert not any(name.startswith("lee") for name in found)
    assert "counts as not promoted" in spec.outcome.note


def test_zero_after_the_exit_until_measured_again_and_as_far_as_anybody_is(make_spec):
    """1 left in February, 2 left and came back in June, 3 stays; results end in July."""
    staff = people(
        "1 mentored 2024-01-10 2024-02-20 1\n2 control 2024-01-10 2024-02-20 1\n"
        "3 control 2024-01-10 - 1"
    )
    spec = make_spec(outcome={"metric": "sales", "after_exit": "zero"})
    rows = pd.DataFrame(
        {"person": [1, 2, 2, 3], "event_month": [1, 0, 5, 3], "outcome": [4.0, 5.0, 6.0, 7.0]}
    )
    made = with_zeros(spec, staff, rows, pd.Timestamp("2024-07-01"))
    zeros = made[made["after_exit"]]
    assert zeros.groupby("person")["event_month"].apply(list).to_dict() == {
        1: [2, 3, 4, 5, 6],
        2: [2, 3, 4],
    }
    assert (zeros["outcome"] == 0).all()
    assert made[~made["after_exit"]]["outcome"].tolist() == [4.0, 5.0, 6.0, 7.0]


def test_without_employment_nobody_can_have_left(make_spec):
    spec = make_spec(outcome={"metric": "sales", "after_exit": "zero"})
    staff = people("1 mentored 2024-01-10 - 1").assign(spells_known=0)
    rows = pd.DataFrame({"person": [1], "event_month": [1], "outcome": [4.0]})
    with pytest.raises(SpecError, match="no employment is known"):
        with_zeros(spec, staff, rows, pd.Timestamp("2024-07-01"))


def test_output_per_person_leads_and_while_employed_stands_beside(make_spec):
    """Everybody sells 10; a quarter of the comparison leaves in month 0: 10 against 7.5."""
    staff = people(
        "\n".join(
            f"{i} {'mentored' if i % 2 else 'control'} 2024-01-10 "
            f"{'2024-01-20' if i % 8 == 0 else '-'} 1"
            for i in range(1, 161)
        )
    )
    sales = [
        (i, pd.Timestamp(f"2024-0{month}-01"), 10.0 + (i // 8) % 2)
        for i in range(1, 161)
        for month in (2, 3)
        if i % 8
    ]
    outcomes = pd.DataFrame(sales, columns=["person_no", "month", "value"])
    spec = make_spec(
        outcome={"metric": "sales", "after_exit": "zero"},
        follow_up={"months": 2, "primary": [1, 2]},
    )
    panel = build_panel(spec, Cohort(people=staff, steps=()), outcomes)
    found = {r.target.name: r for r in estimate_randomised(panel, spec)}
    mean = np.mean([10.0 + (i // 8) % 2 for i in range(1, 161) if i % 2])
    stayers = np.mean([10.0 + (i // 8) % 2 for i in range(1, 161) if not i % 2 and i % 8])
    assert found["primary"].estimate == pytest.approx(mean - 0.75 * stayers)
    assert found["while_employed"].estimate == pytest.approx(mean - stayers)
    assert found["while_employed"].target.estimand.endswith("not causal if exits differ")
    assert found["while_employed"].n_smallest == 20  # the people of one arm who left
    low, high = found["lee_bound_lower"], found["lee_bound_upper"]
    assert low.estimate <= mean - stayers <= high.estimate


def test_comparators_in_a_team_with_a_treated_person_are_counted(make_panel):
    table = "arm cluster m1\n" + "\n".join(
        f"{arm} {team} 1"
        for arm, team in [("mentored", 1), ("control", 1), ("control", 2), ("control", 2)] * 5
    )
    check = mentored_mates(make_panel(table), DEFAULT)
    assert (check.value, check.status) == (pytest.approx(1 / 3), "fail")


STUDY = {
    "study": "s", "question": "q?", "as_of": "2024-12-31", "programme": "P",
    "design": "randomised", "arms": {"treated": "a", "comparison": "b"},
    "outcome": {"metric": "sales"}, "follow_up": {"months": 6, "primary": [1, 6]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "key", "words"),
    [
        (
            {"outcome": {"metric": "x", "kind": "count", "transform": "log"}},
            "outcome",
            "not transf",
        ),
        ({"outcome": {"metric": "x", "kind": "rating", "after_exit": "zero"}}, "outcome", "can be"),
        ({"outcome": {"metric": "x", "raters": "blind"}}, "outcome", "belongs to kind rating"),
        ({"outcome": {"metric": "x", "kind": "promotion"}}, "outcome", "metric: level"),
        ({"outcome": {"metric": "level", "kind": "promotion"}}, "follow_up.primary", "up to a mon"),
        ({"outcome": {"metric": "x", "kind": "team"}}, "cluster", "share its outcome"),
        ({"outcome": {"metric": "x", "kind": "count"}, "estimator": "lin"}, "estimator", "ratios"),
        (
            {"outcome": {"metric": "x", "kind": "rating"}, "design": "rollout"},
            "outcome.kind",
            "roll",
        ),
        ({"dose": ["meetings"], "design": "rollout"}, "dose", "not answered"),
    ],
)
def test_what_does_not_fit_the_kind_is_refused(keys, key, words):
    with pytest.raises(SpecError, match=words) as caught:
        parse_study(STUDY | keys)
    assert caught.value.key == key


def test_keys_that_a_question_does_not_use_leave_its_hash():
    """The hash of a question written before these keys existed."""
    plain = parse_study(STUDY)
    spelled = parse_study(STUDY | {"outcome": {"metric": "sales", "after_exit": "missing"}})
    assert plain.digest() == spelled.digest()
    zero = parse_study(STUDY | {"outcome": {"metric": "sales", "after_exit": "zero"}})
    assert zero.digest() != plain.digest() != parse_study(STUDY | {"dose": "meetings"}).digest()
