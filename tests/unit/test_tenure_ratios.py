"""Person-months by tenure from careers, and the hazard ratios made of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.estimate import Estimate, NotEstimable, Result
from analysis.exits import tenure
from analysis.exits.calendar import calendar_month, first_day
from analysis.exits.careers import KINDS, NEVER, Careers, Covariate
from analysis.exits.ratios import CLUSTERED, NOBODY, TOO_FEW, hazard_ratios
from analysis.exits.tenure import tenure_spans
from analysis.study import StudySpec, parse_study

FIRST = 12 * 2022  # January 2022
LEFT, FIRED = KINDS.index("voluntary"), KINDS.index("involuntary")
MONTHS = 24


def day(month: int, of_month: int = 1) -> int:
    """A day of the given month counted from January 2022."""
    return int(first_day(np.array(FIRST + month))) + of_month - 1


def careers(**columns: object) -> Careers:
    """Spells of people, one each unless told, followed for 24 months and able to start in all."""
    n = len(columns["hired"])
    never = np.full(n, NEVER)
    parts = {
        "person": np.arange(n), "cluster": np.arange(n), "zero": never, "arm": np.full(n, -1),
        "start": never, "exit": never, "kind": np.zeros(n, dtype=np.int64), "notice": never,
        "end": np.full(n, day(MONTHS) - 1), "eligible": np.ones((n, MONTHS), dtype=bool),
        "first_month": FIRST, "undated": np.zeros(n, dtype=bool), **columns,
    }  # fmt: skip
    arrays = {k: np.array(v) if isinstance(v, list) else v for k, v in parts.items()}
    return Careers(**arrays)


def spans(some: Careers) -> list[tuple[int, ...]]:
    """(person, exposed, first, last, kind) of each span."""
    made = tenure_spans(some, np.ones(len(some), dtype=bool))
    s = made.spans
    exposed = made.columns[s.pattern, 0].astype(int)
    return list(zip(*(a.tolist() for a in (s.who, exposed, s.first, s.last, s.kind)), strict=True))


def test_tenure_starts_with_the_hire_and_mentoring_in_the_month_after_the_start() -> None:
    some = careers(hired=[day(2, 15)], start=[day(5, 20)], exit=[day(9, 3)], kind=[LEFT])
    assert spans(some) == [(0, 0, 0, 3, 0), (0, 1, 4, 7, LEFT)]


def test_who_was_there_before_records_enters_late() -> None:
    some = careers(hired=[day(-30)], exit=[day(1, 9)], kind=[FIRED])
    assert spans(some) == [(0, 0, 30, 31, FIRED)]


def test_nobody_is_at_risk_before_they_could_start() -> None:
    """From the first month in which they could, or the one after time zero within a month."""
    eligible = np.arange(MONTHS)[None, :] >= np.array([[6], [0]])
    some = careers(hired=[day(0), day(0)], eligible=eligible, zero=[NEVER, day(3, 5)])
    assert spans(some) == [(0, 0, 6, 23, 0), (1, 0, 4, 23, 0)]


def test_follow_up_ends_with_its_last_whole_month_and_exits_after_it_are_not_seen() -> None:
    some = careers(hired=[day(0)] * 2, exit=[day(23, 5), day(3, 5)], kind=[LEFT, LEFT],
                   end=[day(23, 10), day(23, 10)])  # fmt: skip
    assert spans(some) == [(0, 0, 0, 22, 0), (1, 0, 0, 3, LEFT)]


def test_voluntary_exits_count_on_the_day_of_notice() -> None:
    some = careers(hired=[day(0)] * 2, exit=[day(9)] * 2, kind=[LEFT, FIRED], notice=[day(6)] * 2)
    assert spans(some) == [(0, 0, 0, 6, LEFT), (1, 0, 0, 9, FIRED)]


def test_notice_that_was_not_recorded_counts_some_months_before_the_exit() -> None:
    some = careers(hired=[day(0)] * 4, exit=[day(9), day(9), day(9), NEVER],
                   kind=[LEFT, LEFT, FIRED, 0], notice=[NEVER, day(6), NEVER, NEVER])  # fmt: skip
    made = tenure_spans(some, np.ones(4, bool), 2).spans
    assert made.last.tolist() == [7, 6, 9, 21]
    assert made.kind.tolist() == [LEFT, LEFT, FIRED, 0]


def test_rehires_are_further_spans_of_the_person() -> None:
    some = careers(person=[7, 7], cluster=[7, 7], hired=[day(0), day(10)],
                   exit=[day(4), NEVER], kind=[LEFT, 0])  # fmt: skip
    assert spans(some) == [(0, 0, 0, 4, LEFT), (0, 0, 0, 13, 0)]


def test_covariates_are_those_of_the_month() -> None:
    codes = (np.arange(MONTHS)[None, :] >= 5).astype(np.int16)
    site = Covariate(name="site", codes=codes, labels=("A", "B"))
    made = tenure_spans(careers(hired=[day(0)], covariates=(site,)), np.ones(1, bool))
    assert made.spans.last.tolist() == [4, 23]
    assert len(made.columns) == 2


def test_spells_without_a_month_are_counted() -> None:
    some = careers(hired=[day(0), day(30)], end=[day(2) - 1, day(2) - 1])
    made = tenure_spans(some, np.ones(2, bool))
    assert (made.spells, made.never_seen) == (2, 1)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    some = _draw(0, 60, 1.0)
    whole = spans(some)
    monkeypatch.setattr(tenure, "_ROWS_AT_ONCE", 30)
    assert spans(some) == whole


def _draw(seed: int, people: int, ratio: float) -> Careers:
    """People hired over two years around January 2022 who leave, are fired, start; at random."""
    rng = np.random.default_rng(seed)
    hired = rng.integers(-20, 18, people)
    start = np.maximum(hired, 0) + rng.integers(0, 20, people)
    start[rng.random(people) < 0.3] = 10**6
    gone, kind = np.full(people, 10**6), np.zeros(people, dtype=np.int64)
    for month in range(MONTHS):
        there = (np.maximum(hired, 0) <= month) & (gone > month)
        force = 0.04 * np.exp(-0.02 * (month - hired)) * np.where(start < month, ratio, 1.0)
        draw = rng.random(people)
        left = there & (draw < -np.expm1(-force))
        fired = there & ~left & (draw > 0.99)
        gone[left | fired] = month
        kind[left], kind[fired] = LEFT, FIRED
    start[start > gone] = 10**6

    def days(month: np.ndarray, of_month: int) -> np.ndarray:
        known = month < 10**6
        return np.where(known, first_day(np.where(known, month, 0) + FIRST) + of_month, NEVER)

    return careers(hired=days(hired, 0), start=days(start, 9), exit=days(gone, 19), kind=kind)


@pytest.fixture(scope="module")
def spec() -> StudySpec:
    return parse_study(
        {
            "study": "leave",
            "question": "Do mentored people leave less?",
            "as_of": "2024-01-01",
            "programme": "CARE",
            "design": "opt_in",
            "time_zero": "eligible_on",
            "arms": {"treated": "mentored", "comparison": "not_yet_mentored"},
            "outcome": {"kind": "exit", "metric": "voluntary"},
            "follow_up": {"months": 12, "primary": [1, 12]},
        }
    )


def _named(results: tuple[Result, ...], name: str) -> Result:
    return next(r for r in results if r.target.name == name)


@pytest.mark.parametrize("ratio", [1.0, 0.6])
def test_the_ratio_is_recovered(spec: StudySpec, ratio: float) -> None:
    draws, covered = 60, {"hazard_ratio_time_varying": 0, "cox_hazard_ratio": 0}
    for seed in range(draws):
        found = hazard_ratios(_draw(seed, 800, ratio), spec).results
        for name in covered:
            one = _named(found, name)
            assert isinstance(one, Estimate)
            covered[name] += one.ci_low <= ratio <= one.ci_high
    least = stats.binom.ppf(0.0005, draws, 0.95)  # 99.9 % binomial bounds
    assert min(covered.values()) >= least


def test_people_on_notice_who_do_not_start_make_no_effect(spec: StudySpec) -> None:
    """With no effect at all, and two months of notice in which nobody starts."""
    logs: dict[int, list[float]] = {0: [], 2: []}
    for seed in range(40):
        drawn = _draw(seed, 800, 1.0)
        late = (drawn.kind == LEFT) & (drawn.exit < NEVER) & (drawn.start > drawn.exit - 71)
        columns = {name: getattr(drawn, name) for name in Careers.__dataclass_fields__}
        some = Careers(**{**columns, "start": np.where(late, NEVER, drawn.start)})
        for months, found in logs.items():
            told = spec.model_copy(update={"notice_months": months})
            one = _named(hazard_ratios(some, told).results, "hazard_ratio_time_varying")
            assert isinstance(one, Estimate)
            found.append(np.log(one.estimate))
    error = np.std(logs[2]) / np.sqrt(40)
    assert abs(np.mean(logs[2])) < 3.3 * error  # 99.9 %
    assert np.mean(logs[0]) < -5 * error


def test_the_time_scale_as_a_covariate_drops_out_of_the_cox_model(spec: StudySpec) -> None:
    """Tenure is equal for all at risk together, so it cannot keep the check from being made."""
    some = _draw(3, 800, 1.0)
    months = FIRST + np.arange(MONTHS)[None, :] - calendar_month(some.hired)[:, None]
    codes = np.clip(months // 4, 0, 9).astype(np.int16)
    known = Covariate(name="tenure_months", codes=codes, labels=tuple("0123456789"),
                      scores=tuple(float(4 * code) for code in range(10)))  # fmt: skip
    columns = {name: getattr(some, name) for name in Careers.__dataclass_fields__}
    plain = _named(hazard_ratios(some, spec).results, "cox_hazard_ratio")
    told = hazard_ratios(Careers(**{**columns, "covariates": (known,)}), spec).results
    beside = _named(told, "cox_hazard_ratio")
    assert isinstance(plain, Estimate)
    assert isinstance(beside, Estimate)
    assert (beside.estimate, beside.std_error) == pytest.approx((plain.estimate, plain.std_error))


def test_counts_conventions_and_notes(spec: StudySpec) -> None:
    some = _draw(1, 800, 1.0)
    found = hazard_ratios(some, spec)
    names = [r.target.name for r in found.results]
    assert names == ["hazard_ratio_time_varying", "cox_hazard_ratio"]
    ours = found.results[0]
    assert isinstance(ours, Estimate)
    made = tenure_spans(some, np.ones(len(some), bool))
    assert ours.n_people == len(made.spans.people) == made.spells - made.never_seen
    assert "clustered by person" in ours.convention
    assert "1 is no difference" in ours.convention
    assert found.notes[0].name == "proportional_hazards"


def test_reasons_instead_of_figures(spec: StudySpec) -> None:
    nobody = hazard_ratios(careers(hired=[day(0)] * 50), spec).results
    assert {r.reason for r in nobody if isinstance(r, NotEstimable)} == {NOBODY}
    some = _draw(2, 800, 1.0)
    columns = {name: getattr(some, name) for name in Careers.__dataclass_fields__}
    few = Careers(**{**columns, "cluster": some.person % 12})
    ours, cox = hazard_ratios(few, spec).results
    assert isinstance(ours, NotEstimable)
    assert isinstance(cox, NotEstimable)
    assert (ours.reason, cox.reason) == (TOO_FEW, CLUSTERED)


def test_one_person_alone_is_a_reason(spec: StudySpec) -> None:
    one = careers(hired=[day(0)], start=[day(5)], exit=[day(20)], kind=[LEFT])
    assert all(isinstance(r, NotEstimable) for r in hazard_ratios(one, spec).results)


def test_people_of_whom_nobody_left_have_no_ratio(spec: StudySpec) -> None:
    stay = careers(hired=[day(0)] * 50, start=[day(5)] * 25 + [NEVER] * 25)
    assert all(isinstance(r, NotEstimable) for r in hazard_ratios(stay, spec).results)
