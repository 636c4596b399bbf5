"""Studies of a survey scale: which answer counts, who left, who is missing, what is refused."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.cohort import Cohort
from analysis.diagnostics.thresholds import DEFAULT
from analysis.errors import SpecError
from analysis.estimate import Estimate
from analysis.opt_in import PLACEBO
from analysis.scales.answers import Answers, answers_of
from analysis.scales.checks import bounds_of, enough_answers, exit_kinds
from analysis.scales.results import estimate_scale
from analysis.scales.standing_in import whole_panel
from analysis.scales.study import ScaleStudy

WINDOW = (3, 6)
ZERO = pd.Timestamp("2024-01-10")
END = pd.Timestamp("2025-12-31")


def people(*arms: str) -> pd.DataFrame:
    """People 1.. with these arms; time zero is the tenth of January."""
    return pd.DataFrame(
        {
            "person_no": np.arange(1, len(arms) + 1),
            "time_zero": ZERO,
            "arm": arms,
            "take_up": np.nan,
            "mentored": np.nan,
        }
    )


def scores(*rows: str) -> pd.DataFrame:
    """Rows of `person day value`, with `out` after them where not employed that day."""
    cells = [row.split() for row in rows]
    return pd.DataFrame(
        {
            "person_no": [int(c[0]) for c in cells],
            "wave": [c[1][:7] for c in cells],
            "answered_on": pd.to_datetime([None if c[1] == "-" else c[1] for c in cells]),
            "value": [np.nan if c[2] == "-" else float(c[2]) for c in cells],
            "employed": ["out" not in c for c in cells],
        }
    )


def exits(*rows: str) -> pd.DataFrame:
    """Rows of `person exit kind notice`; everybody was hired in 2020."""
    cells = [row.split() for row in rows]

    def day(place: int) -> pd.DatetimeIndex:
        return pd.to_datetime([None if c[place] == "-" else c[place] for c in cells])

    return pd.DataFrame(
        {
            "person_no": [int(c[0]) for c in cells],
            "hired_on": pd.Timestamp("2020-01-01"),
            "exited_on": day(1),
            "notice_on": day(3),
            "exit_kind": [None if c[2] == "-" else c[2] for c in cells],
        }
    )


STAYS = "9 - - -"


def given(rows: list[str], left: list[str], end: pd.Timestamp = END) -> Answers:
    return answers_of(people(*["mentored"] * 8), scores(*rows), exits(STAYS, *left), end)


def test_the_first_answer_of_the_window_counts():
    found = given(
        ["1 2024-03-31 1", "1 2024-04-01 2", "1 2024-07-31 3", "2 2024-08-01 4", "3 2024-05-05 -"],
        [],
    )
    assert found.first(WINDOW)["value"].to_dict() == {1: 2.0}
    assert found.first((2, 7))["value"].to_dict() == {1: 1.0, 2: 4.0}


def test_the_past_is_the_last_score_before_the_day_of_time_zero():
    rows = ["1 2022-02-01 5", "1 2023-06-01 1", "1 2024-01-09 2", "1 2024-01-10 3"]
    found = given([*rows, "2 2021-12-31 4"], [])
    assert found.past(1).to_dict() == {1: 2.0}  # that of person 2 is older than two years
    assert found.past(2).to_dict() == {1: 1.0}
    assert found.first((0, 6))["value"].to_dict() == {1: 3.0}


def test_answers_without_a_place_in_time_are_counted_and_left_out():
    found = given(
        ["1 - 3", "2 2024-05-01 3 out", "3 2024-05-01 -", "4 2024-05-01 3", "5 2026-01-05 3"], []
    )
    assert found.given["person"].tolist() == [4]
    assert {n.label.removeprefix("Answers "): n.value for n in found.notes} == {
        "too few items answered for a score": 1,
        "without the day of the answer": 1,
        "by people not employed that day": 1,
    }


def test_who_left_voluntarily_or_scored_high():
    """1 scores high; 2 low; 3 low and leaves in the last month; 4 leaves a day later; 5 gave notice
    in time and is gone after it; 6 is dismissed; 7 did not answer; 8 answers on notice.
    """
    found = given(
        [
            "8 2024-05-01 2",
            "1 2024-05-01 3.5",
            "2 2024-05-01 3.4",
            "3 2024-05-01 1",
            "4 2024-05-01 1",
        ],
        [
            "3 2024-07-31 voluntary -",
            "4 2024-08-01 voluntary -",
            "5 2024-09-30 voluntary 2024-07-15",
            "6 2024-05-15 involuntary -",
            "8 2024-06-30 voluntary 2024-04-01",
        ],
    ).figures(WINDOW, 3.5)
    composite = found["composite"].to_dict()
    assert {k: v for k, v in composite.items() if v == v} == {1: 1, 2: 0, 3: 1, 4: 0, 5: 1, 8: 1}
    assert found["above_cut"].loc[[1, 2, 3, 4, 8]].tolist() == [1, 0, 0, 0, 0]
    assert np.isnan(found["above_cut"].loc[[5, 6, 7]]).all()
    assert found["score"].loc[[1, 8]].tolist() == [3.5, 2.0]


def test_exits_of_another_spell_or_still_to_come_do_not_count():
    left = ["1 2023-06-01 voluntary -", "2 2025-06-01 voluntary -"]
    found = given(["1 2024-05-01 1"], left, pd.Timestamp("2024-12-31"))
    assert np.isinf(found.people["left_month"].loc[[1, 2]]).all()


def test_a_window_that_is_not_over_has_no_composite_for_anybody():
    """Those who had left would be known and the others not."""
    rows, left = ["1 2024-05-01 4"], ["2 2024-06-01 voluntary -"]
    early, late = (
        given(rows, left, pd.Timestamp(end)).figures(WINDOW, 3.5)["composite"]
        for end in ("2024-07-30", "2024-07-31")
    )
    assert early.isna().all()
    assert late.loc[[1, 2]].tolist() == [1, 1]


@pytest.fixture
def make(make_spec):
    """A study of 200 people in two arms, of whom a tenth leave and a quarter do not answer."""

    def build(cut: float | None = 3.5, effect: float = -0.5, **keys) -> ScaleStudy:
        rng = np.random.default_rng(7)
        who = people(*["mentored", "control"] * 100)
        treated = (who["arm"] == "mentored").to_numpy()
        past = rng.normal(3, 0.6, 200)
        score = past + effect * treated + rng.normal(0, 0.5, 200)
        rows = [f"{i + 1} 2023-11-01 {past[i]:.3f}" for i in range(200)]
        rows += [f"{i + 1} 2023-05-01 {past[i] + 0.1:.3f}" for i in range(200)]
        rows += [f"{i + 1} 2024-05-01 {score[i]:.3f}" for i in range(200) if rng.random() < 0.75]
        left = [f"{i + 1} 2024-06-15 voluntary -" for i in range(200) if rng.random() < 0.1]
        outcome = {"metric": "tis6", "kind": "scale", "higher_is": "worse"}
        spec = make_spec(
            outcome=outcome if cut is None else {**outcome, "cut": cut},
            follow_up={"months": 6, "primary": list(WINDOW), **keys.pop("follow_up", {})},
            adjust_for=["pre_period_outcome"],
            **keys,
        )
        return ScaleStudy(
            spec=spec,
            cohort=Cohort(people=who, steps=()),
            answers=answers_of(who, scores(*rows), exits(*left), END),
            range=(1.0, 5.0),
        )

    return build


def by_name(study: ScaleStudy) -> dict[str, Estimate]:
    return {r.target.name: r for r in estimate_scale(study) if isinstance(r, Estimate)}


def test_with_a_cut_the_composite_leads_and_the_score_stands_beside(make):
    study = make()
    found = by_name(study)
    assert found["primary"].target.role == "headline"
    assert {n: found[n].target.unit for n in ("primary", "above_cut", "score", "standardised")} == {
        "primary": "share",
        "above_cut": "share",
        "score": "scale points",
        "standardised": "SD",
    }
    assert {"complete_cases", "weighted", "weighted_score", "lee_bound_lower"} <= set(found)
    score = study.values(WINDOW, "score")
    others = score[study.cohort.people["arm"].eq("control").to_numpy()].dropna()
    assert found["standardised"].estimate == pytest.approx(
        found["score"].estimate / others.std(ddof=1)
    )
    assert found["score"].estimate == pytest.approx(-0.5, abs=4 * found["score"].std_error)


def test_without_a_cut_the_score_leads_and_is_not_given_twice(make):
    study = make(cut=None)
    found = by_name(study)
    assert found["primary"].target.unit == "scale points"
    assert not {"score", "above_cut", "complete_cases"} & set(found)
    assert {"standardised", "weighted", "lee_bound_lower"} <= set(found)


def test_the_headline_is_the_difference_of_shares_with_answerers_for_those_who_stayed(make):
    """Without covariates: leavers plus stayers times the share of answerers who are high."""
    study = make()
    study = replace(study, spec=study.spec.model_copy(update={"adjust_for": ()}))
    people_, figures = study.answers.people, study.answers.figures(WINDOW, 3.5)
    treated = study.cohort.people["arm"].eq("mentored").to_numpy()
    left = (people_["left_month"] <= WINDOW[1]).to_numpy()
    assert left.any() and figures["composite"].isna().any()
    without_past = study.answers.given[~study.answers.given["before"]]
    study = replace(study, answers=replace(study.answers, given=without_past))

    def share(arm: np.ndarray) -> float:
        stayed = arm & ~left
        return (left & arm).sum() / arm.sum() + stayed.sum() / arm.sum() * np.nanmean(
            figures["above_cut"].to_numpy()[stayed]
        )

    found = by_name(study)
    assert found["primary"].estimate == pytest.approx(share(treated) - share(~treated))
    complete = figures["composite"].to_numpy()
    assert found["complete_cases"].estimate == pytest.approx(
        np.nanmean(complete[treated]) - np.nanmean(complete[~treated])
    )
    assert found["weighted"].estimate == pytest.approx(found["primary"].estimate)


def test_limits_set_every_missing_answer_to_the_worst(make):
    study = make()
    study = replace(study, spec=study.spec.model_copy(update={"adjust_for": ()}))
    values = study.values(WINDOW, "composite").to_numpy()
    treated = study.cohort.people["arm"].eq("mentored").to_numpy()
    low, high = (
        np.where(np.isnan(values), a, values)[treated].mean()
        - np.where(np.isnan(values), b, values)[~treated].mean()
        for a, b in ((0, 1), (1, 0))
    )
    (check,) = bounds_of(study, "composite")
    said = f"{100 * low:+.1f} to {100 * high:+.1f} points".replace("-", "−")
    assert check.display.startswith(said)
    assert check.reveals_effect and check.status == "note"
    assert check.value == pytest.approx(high - low)


def test_limits_that_give_away_few_leavers_say_so(make):
    """Limits with and without leavers differ by the leavers of each arm who did not answer."""
    study = make()
    left = study.answers.people["left_month"] <= WINDOW[1]
    silent = left & study.answers.first(WINDOW)["value"].reindex(left.index).isna()
    arms = study.cohort.people.set_index("person_no")["arm"]
    fewest = min(silent.groupby(arms).sum())
    assert 0 < fewest < 10
    (check,) = bounds_of(study, "above_cut")
    assert check.n_smallest == fewest
    (check,) = bounds_of(study, "composite")
    assert check.n_smallest > 10


def test_a_headline_rests_on_the_people_who_answered(make):
    """Two of the mentored answer, and leavers beside: who did not cannot be stood in for."""
    study = make(follow_up={"windows": [[0, 6]]})
    given_ = study.answers.given
    mentored = given_["person"] % 2 == 1
    gone = given_["person"].map(study.answers.people["left_month"] <= WINDOW[1])
    asked = mentored & ~given_["before"] & ~gone
    kept = ~asked | (asked.cumsum() <= 2)
    study = replace(study, answers=replace(study.answers, given=given_[kept]))
    check = enough_answers(study)
    assert (check.status, check.value, check.n_smallest) == ("fail", 2, 2)
    found = by_name(study)
    assert found["primary"].n_treated == 100
    assert found["primary"].n_smallest == found["window"].n_smallest == 2
    assert enough_answers(make()).status == "pass"


def test_exits_of_unknown_kind_are_told_and_fail():
    """Of four exits by the window's end one is of unknown kind; of all, everything is unknown."""
    known = ["1 2024-05-15 voluntary -", "2 2024-05-15 involuntary -", "3 2024-05-15 retirement -"]
    unknown = [f"{i} 2024-06-15 unknown -" for i in (4, 5)]
    later = "6 2024-08-15 unknown -"
    spec = SimpleNamespace(follow_up=SimpleNamespace(primary=WINDOW), thresholds=DEFAULT)

    def found(left: list[str]):
        return exit_kinds(SimpleNamespace(answers=given(["7 2024-05-01 3"], left), spec=spec))

    some = found([*known, unknown[0], later])
    assert (some.shares[0].people, some.shares[0].of, some.status) == (1, 4, "fail")
    assert "voluntary ones are missed" in some.remedy
    assert found(known).status == "pass"
    assert found(unknown).value == 1.0


def test_the_last_score_but_one_stands_where_the_placebo_looks(make):
    rows = make().panel(WINDOW, "composite").rows
    assert set(rows["event_month"]) == {PLACEBO[1], WINDOW[1]}
    earlier = rows[rows["event_month"] == PLACEBO[1]].set_index("person")["outcome"]
    assert earlier.to_dict() == (make().answers.past(2) >= 3.5).astype(float).to_dict()


def test_further_windows_have_answers_of_their_own(make):
    study = make(follow_up={"windows": [[0, 6]]})
    windows = [r.target.window for r in estimate_scale(study) if r.target.name == "window"]
    assert windows == [(0, 6)]


def test_a_single_question_has_odds_beside(make):
    study = make(cut=None)
    rounded = study.answers.given.assign(value=study.answers.given["value"].round())
    study = replace(
        study,
        spec=study.spec.model_copy(
            update={"outcome": study.spec.outcome.model_copy(update={"metric": "tis6/tis6_1"})}
        ),
        answers=replace(study.answers, given=rounded),
    )
    found = by_name(study)
    odds = found["ordinal"]
    assert odds.target.unit == "ratio"
    assert 0 < odds.ci_low < odds.estimate < odds.ci_high < 1
    assert "item_share" in found


def test_everybody_of_the_cohort_is_in_the_headline(make):
    study = make()
    rows = whole_panel(study, WINDOW).between(*WINDOW).rows
    assert len(rows) == 200


def test_a_composite_needs_exits_and_every_study_answers(make):
    study = make()
    with pytest.raises(SpecError, match="nobody's employment was delivered"):
        replace(study, answers=replace(study.answers, exits_known=False)).require_answers()
    nothing = replace(study.answers, given=study.answers.given.iloc[:0])
    with pytest.raises(SpecError, match="nobody in the study has a score of tis6"):
        replace(study, answers=nothing).require_answers()


@pytest.mark.parametrize("cut", [0, 1, 5.5])
def test_a_cut_that_nobody_or_everybody_reaches_is_refused(make, cut):
    with pytest.raises(SpecError, match="run from 1 to 5") as error:
        make(cut=cut).require_answers()
    assert error.value.key == "outcome.cut"


def test_a_cut_at_the_highest_number_is_a_question(make):
    make(cut=5).require_answers()


TIS = {"metric": "tis6", "kind": "scale"}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"outcome": {**TIS, "cut": 3.5, "higher_is": "better"}}, "high must be bad"),
        ({"outcome": {**TIS, "metric": "TIS 6"}}, "INSTRUMENT.SCALE"),
        ({"outcome": {**TIS, "transform": "log"}}, "is not transformed"),
        ({"outcome": {**TIS, "after_exit": "zero"}}, "can be zero"),
        ({"outcome": {**TIS, "cut": 3.5}, "dose": ["meetings"]}, "immortal time"),
        ({"outcome": {**TIS, "cut": 3.5}, "practices": ["rhythm"]}, "practices: who leaves"),
        ({"outcome": {**TIS, "cut": 3.5}, "effect_of_interest": 5}, "is a share of people"),
        (
            {
                "outcome": TIS,
                "specifications": [{"name": "a", "first_month": -1, "last_month": 3}],
            },
            "answers are the past",
        ),
        (
            {"outcome": {**TIS, "cut": 3.5}, "design": "opt_in", "start_dates": "matched"},
            "who is gone counts",
        ),
        ({"outcome": TIS, "design": "rollout"}, "not answered in a roll-out"),
    ],
)
def test_what_a_study_of_a_scale_may_not_say(make_spec, keys, said):
    with pytest.raises(SpecError, match=said):
        make_spec(**keys)


def test_with_a_cut_fewer_are_better_without_saying_so(make_spec):
    assert make_spec(outcome={**TIS, "cut": 3.5}).outcome.higher_is == "worse"
    assert make_spec(outcome={**TIS, "cut": 3.5}).unit == "share"
    assert make_spec(outcome=TIS).unit == "scale points"
