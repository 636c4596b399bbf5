"""What may be shown: counts, small groups, small remainders, withheld numbers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.diagnostics import Diagnostic, Share
from analysis.disclosure import release, restore
from analysis.estimate import Estimate, NotEstimable, Target
from analysis.finding import REQUIRED as REQUIRED_CHECKS
from analysis.finding import ArmCount, Finding, Flow, Group, Step
from analysis.rules import Rules
from analysis.study import parse_study
from tests.report_cases import released, target, trial

PROTECTED, PUBLIC = Rules(), Rules(mode="public")
SPEC = parse_study(
    {
        "study": "sales",
        "question": "Does it work?",
        "as_of": "2025-12-31",
        "programme": "P",
        "design": "randomised",
        "arms": {"treated": "mentee", "comparison": "control"},
        "outcome": {"metric": "revenue"},
        "follow_up": {"months": 3, "primary": [1, 3]},
    }
)
REQUIRED = sorted(REQUIRED_CHECKS["randomised"])


def _check(name: str, status: str = "pass", **more: object) -> Diagnostic:
    base = {"label": name, "value": 1.5, "display": "1.5", "threshold": "below 2", "remedy": ""}
    return Diagnostic(name=name, status=status, **(base | more))


def _estimate(role: str = "headline", **more: object) -> Estimate:
    target = Target(
        name="ancova", role=role, estimand="ITT", estimator="ANCOVA", arm="mentee",
        comparison="control", window=(1, 3), unit="EUR",
    )  # fmt: skip
    base = {
        "estimate": 4.0, "std_error": 1.0, "ci_low": 2.0, "ci_high": 6.0, "p_value": 0.01,
        "df": 50.0, "n_treated": 33, "n_comparison": 34, "n_rows": 201, "convention": "HC2",
    }  # fmt: skip
    return Estimate(target=target, **(base | more))


def _finding(*estimates: object, checks: tuple[Diagnostic, ...] = (), flow: Flow | None = None):
    return Finding(
        spec=SPEC,
        population="people",
        flow=flow or Flow(steps=(), arms=()),
        estimates=estimates,
        diagnostics=tuple(_check(n) for n in REQUIRED) + checks,
    )


def _released(finding: Finding, rules: Rules = PROTECTED):
    (made,), _ = release([finding], rules)
    return made


@pytest.mark.parametrize(
    ("people", "shown"), [(0, "0"), (1, "<10"), (9, "<10"), (10, "10"), (12, "10"), (1203, "1,205")]
)
def test_counts_of_people_are_rounded_or_hidden(people: int, shown: str) -> None:
    assert PROTECTED.text(people) == shown
    assert PUBLIC.text(people) == f"{people:,}"


@pytest.mark.parametrize(
    ("whole", "part", "shown"),
    [
        (160, 160, "160"),  # nobody is left over
        (160, 140, "140"),  # twenty are left over
        (160, 155, "≥150"),  # five are left over: a bound
        (17, 14, "<10"),  # too few for a bound
    ],
)
def test_a_small_remainder_is_not_given_away(whole: int, part: int, shown: str) -> None:
    assert PROTECTED.part(part, whole) == shown


@pytest.mark.parametrize("people", [(595, 588, 588), (595, 590, 587)])
def test_a_later_step_does_not_tell_what_an_earlier_one_hid(people: tuple[int, ...]) -> None:
    """Seven left; rounded to 590 the last line would say so. Then five and three left."""
    flow = Flow(steps=tuple(Step(label="step", people=n) for n in people), arms=())
    steps = _released(_finding(_estimate(), flow=flow)).steps
    assert [s.people for s in steps] == ["595", "≥585", "≥585"]


def test_counts_that_add_up_do_not_tell_of_a_small_one_together() -> None:
    """603 (605: 603 to 607) less 22 (20: 18 to 22) less 576 (575: 573 to 577) are 4 to 16.

    The five left out at first would be 4 to 9, and not 1 to 9: of the 22 a bound stands.
    """
    flow = Flow(
        steps=(
            Step(label="recorded", people=603),
            Step(label="employed", people=598, left_out="gone"),
            Step(label="measured", people=576, left_out="without a figure"),
        ),
        arms=(),
    )
    made = _released(_finding(_estimate(), flow=flow)).steps
    assert [(s.people, s.left_out) for s in made] == [
        ("605", ""), ("≥590", "<10 gone"), ("575", "≥10 without a figure"),
    ]  # fmt: skip


def _agrees(text: str, people: int) -> bool:
    """Whether a reader would believe so many people behind a printed count."""
    shown = text.split(" ")[0].lstrip("≥<").replace(",", "")
    if text.startswith("<"):
        return 1 <= people < int(shown)
    if text.startswith("≥"):
        return people >= int(shown)
    return not people if not text or shown == "0" else people >= 10 and abs(people - int(shown)) < 3


@settings(max_examples=30, deadline=None)
@given(st.integers(60, 90), st.integers(0, 14), st.integers(0, 30))
def test_every_number_under_ten_stays_possible(whole: int, first: int, then: int) -> None:
    """Every way in which the printed table could have come about, tried one by one."""
    people = (whole, whole - first, whole - first - then)
    flow = Flow(steps=tuple(Step(label="", people=n, left_out="x") for n in people), arms=())
    (all_, _), (second, one), (third, two) = [
        (s.people, s.left_out) for s in _released(_finding(_estimate(), flow=flow)).steps
    ]
    ways = {
        (a, b)
        for n in range(50, 100)
        for a in range(50)
        for b in range(50)
        if _agrees(all_, n) and _agrees(one, a) and _agrees(two, b)
        and _agrees(second, n - a) and _agrees(third, n - a - b)
    }  # fmt: skip
    assert (first, then) in ways
    if 0 < first < 10:
        assert {a for a, _ in ways} >= set(range(1, 10))
    if 0 < then < 10:
        assert {b for _, b in ways} >= set(range(1, 10))


def test_groups_that_are_everybody_do_not_tell_of_a_small_one() -> None:
    """227 recorded (225: 223 to 227), 203 (205) and 18 (20): the six would be none at all to 6."""
    groups = (
        Group(arm="mentee", what="", people=203, rank=None, role="treated"),
        Group(arm="waiting", what="", people=6, rank=2, role="available"),
        Group(arm="other", what="", people=18, rank=None, role="other"),
    )
    flow = Flow(steps=(Step(label="recorded", people=227),), arms=(), groups=groups)
    made = _released(_finding(_estimate(), flow=flow))
    assert [g.people for g in made.groups] == ["205", "<10", "≥10"]
    assert [s.people for s in made.steps] == ["225"]


def test_the_attrition_table_hides_small_steps_and_remainders() -> None:
    flow = Flow(
        steps=(Step(label="invited", people=403), Step(label="applied", people=398)),
        arms=(
            ArmCount(arm="mentee", label="drawn", people=200),
            ArmCount(arm="mentee", label="met", people=126),
            ArmCount(arm="control", label="drawn", people=198),
            ArmCount(arm="control", label="met", people=4),
        ),
    )
    shown = [s.people for s in _released(_finding(_estimate(), flow=flow)).steps]
    assert shown == ["405", "≥390", "200", "125", "200", "<10"]


def test_groups_are_rounded_and_an_arm_does_not_give_away_who_left_its_group() -> None:
    flow = Flow(
        steps=(Step(label="recorded", people=227),),
        arms=(ArmCount(arm="mentee", label="drawn", people=196),),
        groups=(
            Group(arm="mentee", what="", people=202, rank=None, role="treated"),
            Group(arm="waiting", what="", people=7, rank=2, role="available"),
            Group(arm="other", what="", people=18, rank=None, role="other"),
        ),
    )
    made = _released(_finding(_estimate(), flow=flow))
    assert [g.people for g in made.groups] == ["200", "<10", "20"]
    assert [s.people for s in made.steps if s.arm] == ["≥190"]


@pytest.mark.parametrize(
    ("people", "of", "shown"),
    [
        (0, 180, "0 %"),  # an empty group gives nobody away
        (4, 180, "under 6 %"),
        (60, 180, "32 %"),  # midpoint-6: 57 of 177
        (171, 180, "over 94 %"),  # nine are left over
        (180, 180, "100 %"),
        (8, 15, "not shown (small group)"),
        (0, 11, "0 %"),
    ],
)
def test_rates_of_people_hide_small_groups_and_remainders(people: int, of: int, shown: str) -> None:
    check = _check("met", "note", shares=(Share("mentee", people, of),))
    (released,) = [d for d in _released(_finding(_estimate(), checks=(check,))).diagnostics][-1:]
    assert released.display == f"mentee {shown}" and released.value is None


def test_a_figure_is_coarse_where_people_are_protected() -> None:
    check = _check("gap", "note", coarse=(0.05, "+5 points"))
    made = _finding(_estimate(), checks=(check,))
    assert _released(made).diagnostics[-1].display == "+5 points"
    assert _released(made, PUBLIC).diagnostics[-1].display == "1.5"


def test_a_share_that_gives_away_nine_people_hides_its_estimates() -> None:
    made = _finding(_estimate(), _estimate("secondary", n_smallest=9))
    assert _released(made).estimates[1].status == "suppressed"
    assert _released(made, PUBLIC).estimates[1].status == "released"


def test_estimates_on_small_groups_or_few_degrees_of_freedom_are_suppressed() -> None:
    made = _released(
        _finding(_estimate(), _estimate("secondary", n_treated=9), _estimate("secondary", df=9.5))
    )
    assert [e.status for e in made.estimates] == ["released", "suppressed", "suppressed"]
    assert all(e.estimate is None and e.reason for e in made.estimates[1:])


def test_counts_are_exact_only_where_the_data_are_public() -> None:
    assert _released(_finding(_estimate())).headline.n_people == 65
    assert _released(_finding(_estimate()), PUBLIC).headline.n_people == 67


def test_a_failed_check_withholds_every_number_and_whatever_reveals_it() -> None:
    checks = (_check("bounds", "note", reveals_effect=True), _check("missing", "fail"))
    made = _released(_finding(_estimate(), _estimate("naive"), checks=checks), PUBLIC)
    assert made.grade == "Withheld"
    assert {e.status for e in made.estimates} == {"withheld"}
    assert "4.0" not in json.dumps(made.as_dict()["estimates"])
    assert next(d for d in made.diagnostics if d.name == "bounds").value is None


def test_each_warning_lowers_the_grade_one_step() -> None:
    grades = [
        _finding(_estimate(), checks=tuple(_check(f"w{i}", "warn") for i in range(n))).grade
        for n in range(5)
    ]
    assert grades == [
        "Randomised", "Credible", "Suggestive", "Descriptive only", "Descriptive only",
    ]  # fmt: skip


def test_a_headline_that_cannot_be_estimated_is_withheld_with_its_reason() -> None:
    target = _estimate().target
    made = _released(_finding(NotEstimable(target=target, reason="nobody was observed")))
    assert made.grade == "Withheld"
    assert "nobody was observed" in made.headline.reason


def test_a_finding_needs_its_checks_and_one_headline() -> None:
    with pytest.raises(ValueError, match="sample_ratio"):
        Finding(
            spec=SPEC, population="", flow=Flow(steps=(), arms=()), estimates=(_estimate(),),
            diagnostics=(),
        )  # fmt: skip
    with pytest.raises(ValueError, match="one headline"):
        _finding(_estimate("secondary"))


def test_a_saved_release_is_restored_only_unaltered() -> None:
    made = _released(_finding(_estimate()))
    saved = json.loads(json.dumps(made.as_dict()))
    assert restore(saved, made.digest()) == made
    saved["grade"] = "Credible"
    with pytest.raises(ValueError, match="altered"):
        restore(saved, made.digest())


def test_an_open_interval_end_is_none() -> None:
    made = _released(_finding(_estimate(ci_high=float("inf"))))
    assert made.headline.ci_high is None


def test_a_reason_does_not_tell_one_person_from_nine() -> None:
    """Of a group too small for an estimator the same is said as of one too small to show."""
    few = NotEstimable(
        target=target("lin", role="secondary", arm="class"), reason="fewer than 2 people of class"
    )
    made = replace(trial(), estimates=(*trial().estimates, few))
    for mode, status in (("protected", "suppressed"), ("public", "not_estimable")):
        last = released(made, mode=mode)[0].estimates[-1]
        assert last.status == status
        assert ("fewer than 2" in last.reason) == (mode == "public")


def test_the_reason_of_a_withheld_headline_does_not_either() -> None:
    made = trial()
    head = NotEstimable(target=made.estimates[0].target, reason="fewer than 2 people of mentee")
    broken = replace(made, estimates=(head, *made.estimates[1:]))
    said = " ".join(released(broken)[0].reasons)
    assert "a group has fewer than 10 people" in said and "fewer than 2" not in said
