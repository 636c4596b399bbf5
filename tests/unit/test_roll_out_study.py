"""A roll-out study from marts to finding: its keys, covariates, companions and conventions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info

import pipelines.studies as studies
from analysis.compress import NEVER, People, fold
from analysis.diagnostics.contamination import contaminated_sites
from analysis.diagnostics.roll_out_missing import roll_out_missing
from analysis.diagnostics.thresholds import DEFAULT
from analysis.errors import SpecError
from analysis.estimate import Estimate, NotEstimable
from analysis.finding import Flow
from analysis.roll_out import effects_of
from analysis.roll_out_cells import cells
from analysis.roll_out_panel import RollOut, _mentored_early, build_roll_out
from analysis.roll_out_query import counts_query, people_query, rows_query
from analysis.study import StudySpec, parse_study
from pipelines.engine import Engine
from pipelines.errors import UserError

SITES, PEOPLE = 24, 12
MONTHS = pd.date_range("2022-07-01", periods=24, freq="MS")  # to June 2024
STARTS = {0: "2023-09-10", 1: "2023-12-05", 2: None}  # of a third of the sites each
KNOWN = {"known_from": pd.Timestamp("2022-01-01"), "known_to": pd.Timestamp("9999-12-31")}


NEGATIVE = "negative_controls"


def spec(**changes: Any) -> StudySpec:
    return parse_study(
        {
            "study": "sites",
            "question": "Do sites gain?",
            "as_of": "2024-06-30",
            "programme": "P",
            "design": "rollout",
            "time_zero": "eligible_on",
            "cluster": "site",
            "arms": {"treated": "mentoring", "comparison": "not_yet"},
            "outcome": {"metric": "orders"},
            "follow_up": {"months": 3, "primary": [0, 2]},
            "effect_of_interest": 1.0,
        }
        | changes
    )


@pytest.fixture(scope="module")
def engine():
    """Sites that gain 1 from their start on; people hired in turn over 20 months before."""
    rng = np.random.default_rng(8)
    n = SITES * PEOPLE
    person, site = np.arange(1, n + 1), np.repeat(np.arange(SITES), PEOPLE)
    start = pd.to_datetime(pd.Series(site % 3).map(STARTS))
    hired = pd.Timestamp("2022-07-01") - pd.to_timedelta(person % 20 * 30, unit="D")
    base = {"person_no": person, **KNOWN}
    funnel = pd.DataFrame({**base, "programme": "P", "eligible_on": start}).dropna()
    funnel["matched_on"] = funnel["eligible_on"].where(funnel["person_no"] % 2 == 0)
    funnel["first_met_on"] = pd.Series(pd.NaT, funnel.index, dtype="datetime64[ns]")
    jobs = pd.DataFrame(
        {
            **base,
            "department": np.where(site < SITES // 2, "north", "south"),
            "level": "1",
            "site": [f"site {s:02d}" for s in site],
            "manager_no": site,
            "valid_from": hired,
            "valid_to": pd.Timestamp("9999-12-31"),
        }
    )
    employment = pd.DataFrame({**base, "hired_on": hired, "exited_on": pd.Series(pd.NaT, range(n))})
    attributes = pd.DataFrame({**base, "attribute": "grade", "value": (person % 2).astype(str)})
    y = rng.normal(size=(n, 1)) + rng.normal(size=(n, 24)) + 12
    y += start.to_numpy()[:, None] < (MONTHS + pd.offsets.MonthEnd(1)).to_numpy()
    results = pd.DataFrame(
        {
            "person_no": np.repeat(person, 24),
            "metric": "orders",
            "month": np.tile(MONTHS, n),
            "value": y.ravel(),
            **KNOWN,
        }
    )
    unmoved = rng.normal(size=(n, 24)) + 5
    moved = unmoved + (start.to_numpy()[:, None] < (MONTHS + pd.offsets.MonthEnd(1)).to_numpy())
    others = [
        results.assign(metric=name, value=value.ravel())
        for name, value in (("absences", unmoved), ("parking", moved))
    ]
    results = pd.concat([results, *others], ignore_index=True)
    tables = {
        "programme_funnel": funnel, "job_history": jobs, "employment": employment,
        "person_attributes": attributes, "performance": results,
    }  # fmt: skip
    with Engine.memory(threads=1) as made:
        made.run("create schema marts")
        for name, frame in tables.items():
            made.register("given", frame)
            dates = [c for c in frame if str(frame[c].dtype).startswith("datetime")]
            shown = ", ".join(f"cast({c} as date) as {c}" if c in dates else c for c in frame)
            made.run(f"create table marts.{name} as select {shown} from given")
            made.unregister("given")
        yield made


def panel(engine: Engine, study: StudySpec):
    def read():
        query = rows_query(study)
        for batch in engine.batches(query.sql, query.params):
            yield tuple(column.to_numpy() for column in batch.columns)

    people, counts = (
        engine.frame(q.sql, q.params) for q in (people_query(study), counts_query(study))
    )
    return build_roll_out(study, people, counts, read)


def by_name(finding, name: str):
    return next(e for e in finding.estimates if e.target.name == name)


def test_months_sites_and_starts(engine):
    made = panel(engine, spec())
    assert made.moments.periods[[0, -1]].tolist() == [2022 * 12 + 8, 2024 * 12 + 5]
    assert set(made.moments.cohort.tolist()) == {2023 * 12 + 8, 2023 * 12 + 11, NEVER}
    assert made.moments.clusters == SITES
    assert made.moments.path == "sums"


def test_months_before_the_history_of_those_in_the_population_are_left_out(engine):
    """The earliest starters are not in the population: their start says how far rows go back."""
    later = [f"site {s:02d}" for s in range(SITES) if s % 3]
    made = panel(engine, spec(population={"site": later}))
    assert made.moments.periods[0] == 2022 * 12 + 11
    people = (SITES - SITES // 3) * PEOPLE
    assert made.moments.people.sum() == people
    seen = made.moments.people @ made.moments.observed
    listed = ", ".join(f"'{name}'" for name in later)
    query = f"""
        select avg(value) from marts.performance
            where metric = 'orders' and month between date '2022-12-01' and date '2024-06-30'
            and person_no in (
            select person_no from marts.job_history where site in ({listed})
        )
    """
    total = made.moments.total.sum() + float(seen @ made.moments.centre)
    assert total / seen.sum() == pytest.approx(engine.scalar(query))


def test_anticipation_looks_further_back(engine):
    made = panel(engine, spec(rollout={"anticipation": 2}))
    assert made.moments.periods[0] == 2022 * 12 + 6


def test_covariates_are_bands_attributes_and_jobs(engine):
    made = panel(engine, spec(adjust_for=["tenure_months", "grade", "department"]))
    assert set(made.covariate_names) == {
        "tenure_months=band 1", "tenure_months=band 2", "grade=1", "department=south",
    }  # fmt: skip
    # three bands of tenure: nobody was hired two years before the first month looked at
    assert made.covariates.shape == (3 * 2 * 2, 5)
    assert made.moments.compression > 1


def test_numbers_of_many_values_are_cut_into_fifths():
    people = pd.DataFrame({"attribute_0": [str(v) for v in range(50)] + [None], "site": "a"})
    code, columns, names = cells(spec(adjust_for=["age"]), people)
    assert names == (*(f"age=fifth {k}" for k in range(2, 6)), "age=not recorded")
    assert np.bincount(code).tolist() == [10, 10, 10, 10, 10, 1]
    assert columns.sum() == 6 + 5  # the constant, and a one for each level but the first


def test_numbers_are_cut_where_the_study_says():
    people = pd.DataFrame({"attribute_0": [str(v) for v in range(50)] + [None], "site": "a"})
    code, _, names = cells(spec(adjust_for=["age"], bands={"age": [10, 45]}), people)
    assert set(names) == {"age=45 and over", "age=not recorded", "age=under 10"}
    assert sorted(np.bincount(code).tolist()) == [1, 5, 10, 35]


def test_an_attribute_nobody_has(engine):
    with pytest.raises(SpecError, match="no such attribute") as caught:
        panel(engine, spec(adjust_for=["grad"]))
    assert caught.value.key == "adjust_for"


def test_drawn_starts_are_the_reference_and_bring_the_efficient_estimator(engine):
    finding = studies.answer(engine, spec(rollout={"drawn": True}), 10)
    head, efficient = finding.headline, by_name(finding, "efficient_timing")
    assert isinstance(head, Estimate)
    assert "draws of start dates over sites" in head.convention
    assert head.t_df is None
    assert head.ci_low < 1 < head.ci_high
    assert head.p_value < 0.01
    assert isinstance(efficient, Estimate)
    assert efficient.ci_low < 1 < efficient.ci_high
    assert efficient.std_error < head.std_error
    assert "Neyman" in efficient.convention


def test_the_same_study_gives_the_same_figures_again(engine):
    first, second = (studies.answer(engine, spec(rollout={"drawn": True}), 10) for _ in range(2))
    assert first.estimates == second.estimates


def test_starts_that_were_not_drawn_use_t(engine):
    finding = studies.answer(engine, spec(), 10)
    assert finding.headline.t_df == SITES - 3
    names = {e.target.name for e in finding.estimates}
    assert not names & {"efficient_timing", "randomisation_inference"}


def test_with_covariates_the_permutation_stands_beside(engine):
    study = spec(rollout={"drawn": True}, adjust_for=["tenure_months"])
    finding = studies.answer(engine, study, 10)
    beside = by_name(finding, "randomisation_inference")
    assert "t with sites" in finding.headline.convention
    assert isinstance(beside, Estimate)
    assert "without covariates" in beside.convention


def test_strata_of_the_draw(engine):
    study = spec(rollout={"drawn": True}, allocation={"strata": ["department"]})
    made = panel(engine, study)
    assert made.strata.tolist() == [0] * (SITES // 2) + [1] * (SITES // 2)
    finding = studies.answer(engine, study, 10)
    assert by_name(finding, "efficient_timing").t_df == SITES - 6 - 1


def test_averages_by_start_and_calendar_month(engine):
    finding = studies.answer(engine, spec(), 10)
    starts = [e.target.subgroup for e in finding.estimates if e.target.name == "by_start"]
    months = [e.target.subgroup for e in finding.estimates if e.target.name == "by_calendar_month"]
    assert starts == ["started 2023-09", "started 2023-12"]
    assert months[0] == "in 2023-09"
    assert len(months) == 10
    for name in ("average_simple", "average_by_start", "average_by_event", "average_by_calendar"):
        found = by_name(finding, name)
        assert found.ci_low < 1 < found.ci_high


def test_each_row_counts_the_people_it_compares(engine):
    """96 start in September, 96 in December, 96 never; those of December have only the last."""
    finding = studies.answer(engine, spec(), 10)
    rows = {e.target.subgroup: e for e in finding.estimates if isinstance(e, Estimate)}
    first, second = rows["started 2023-09"], rows["started 2023-12"]
    assert (first.n_treated, first.n_comparison, first.n_both) == (96, 192, 0)
    assert (second.n_treated, second.n_comparison, second.n_people) == (96, 96, 192)
    months = [e for e in finding.estimates if e.target.name == "by_month"]
    later = next(e for e in months if e.target.window == (3, 3))
    assert (later.n_treated, later.n_comparison, later.n_people) == (192, 96, 288)
    at_once = next(e for e in months if e.target.window == (0, 0))
    assert (at_once.n_treated, at_once.n_comparison, at_once.n_people) == (192, 192, 288)


def test_a_band_over_all_months_holds_the_interval_of_each(engine):
    finding = studies.answer(engine, spec(), 10)
    alone, together = (
        {e.target.window: e for e in finding.estimates if e.target.name == name}
        for name in ("by_month", "by_month_together")
    )
    assert alone.keys() == together.keys() and len(alone) > 1
    for window, one in alone.items():
        band = together[window]
        assert (one.estimate, one.std_error) == (band.estimate, band.std_error)
        assert band.ci_low < one.ci_low < one.ci_high < band.ci_high
        assert "simultaneous band" in band.convention
        assert "simultaneous" not in one.convention


def test_counts_are_compared_as_ratios(engine):
    """12 at rest, 13 after the start: about 8 per cent."""
    finding = studies.answer(engine, spec(outcome={"metric": "orders", "kind": "count"}), 10)
    head, naive = finding.headline, by_name(finding, "two_way_fixed_effects")
    assert head.target.unit == naive.target.unit == "%"
    for found in (head, naive):
        assert found.ci_low < 100 / 12 < found.ci_high
    assert isinstance(by_name(finding, "imputation"), NotEstimable)
    compression = next(d for d in finding.diagnostics if d.name == "compression")
    assert "from sums by cluster" in compression.display


@pytest.mark.parametrize(
    "outcome, words",
    [
        ({"metric": "orders", "kind": "count"}, "outcome.kind: count, but 1 rows are below 0"),
        ({"metric": "orders", "transform": "log"}, "outcome.transform: log of a value of 0 or"),
    ],
)
def test_values_that_do_not_fit_are_refused(engine, outcome, words):
    """One delivered value lies below 0, in a month that is compared."""
    one = "select min(person_no) from marts.performance"
    month = "select max(month) from marts.performance"
    engine.run("begin")
    try:
        engine.run(
            "update marts.performance set value = -1 "
            f"where person_no = ({one}) and month = ({month})"
        )
        with pytest.raises(UserError, match=words):
            studies.answer(engine, spec(outcome=outcome), 10)
    finally:
        engine.run("rollback")


def test_leads_inside_the_anticipation_are_not_tested(engine):
    finding = studies.answer(engine, spec(rollout={"anticipation": 3}), 10)
    assert finding.grade in ("Credible", "Suggestive", "Descriptive only")
    assert isinstance(finding.headline, Estimate)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"take_up": "matched"}, "take_up"),
        ({"start_dates": "matched"}, "start_dates"),
        ({"estimator": "lin"}, "estimator"),
        ({"allocation": {"share": 0.5}}, "allocation.share"),
        ({"allocation": {"strata": ["site"]}}, "allocation.strata"),
        ({"rollout": {"drawn": True}, "allocation": {"strata": ["level", "stratum"]}}, "stratum"),
        ({"cluster": "person"}, "cluster"),
        ({"outcome": {"metric": "orders", "kind": "count"}, "adjust_for": "grade"}, "adjust_for"),
        ({"arms": {"treated": ["a", "b"], "comparison": "c"}}, "arms.treated"),
        ({"design": "opt_in", "rollout": {"drawn": True}}, "rollout"),
    ],
)
def test_keys_that_would_be_ignored_are_refused(engine, changes, key):
    with pytest.raises(UserError, match=key):
        studies.answer(engine, spec(**changes), 10)


def test_starts_that_cannot_be_compared_with_anybody_are_refused(engine):
    """Adjusting for the site itself leaves nobody alike on the other side."""
    with pytest.raises(UserError, match="no start can be compared with anybody"):
        studies.answer(engine, spec(adjust_for=["site"]), 10)


def test_a_section_left_out_does_not_change_the_hash():
    assert spec().digest() == spec(rollout={"drawn": False}).digest()
    assert spec().digest() != spec(rollout={"drawn": True}).digest()


def test_a_site_in_two_strata_is_refused(engine):
    study = spec(cluster="department", rollout={"drawn": True}, allocation={"strata": ["site"]})
    with pytest.raises(SpecError, match="several strata"):
        panel(engine, study)


def test_matrices_are_multiplied_by_one_thread(engine, monkeypatch):
    seen = []
    real = studies.build_roll_out

    def watched(*given, **named):
        seen.extend(p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas")
        return real(*given, **named)

    monkeypatch.setattr(studies, "build_roll_out", watched)
    studies.answer(engine, spec(), 10)
    assert seen
    assert set(seen) == {1}


def check(finding, name: str):
    return next(d for d in finding.diagnostics if d.name == name)


def test_negative_controls_of_a_roll_out_are_metrics_that_mentoring_cannot_change(engine):
    """Absences stay as they were, parking moves with the start as the outcome does."""
    still = check(studies.answer(engine, spec(negative_controls=["absences"]), 10), NEGATIVE)
    both = ["absences", "parking"]
    moved = check(studies.answer(engine, spec(negative_controls=both), 10), NEGATIVE)
    assert still.display.endswith("of 1") and still.status == "pass"
    assert moved.display.endswith("of 2") and moved.status == "fail"
    nothing = check(studies.answer(engine, spec(), 10), NEGATIVE)
    assert (nothing.status, nothing.value) == ("note", None)
    assert "negative_controls" in nothing.remedy


@pytest.mark.parametrize(
    ("named", "says"), [("orders", "names the outcome itself"), ("coffee", "no results of the")]
)
def test_a_control_must_be_another_metric(engine, named: str, says: str):
    with pytest.raises(UserError, match=says):
        studies.answer(engine, spec(negative_controls=[named]), 10)


@pytest.mark.parametrize(
    ("lost", "status"),
    [((0.0, 0.0), "pass"), ((0.2, 0.0), "fail"), ((0.2, 0.2), "pass"), ((0.0, 0.2), "fail")],
)
def test_people_lost_on_one_side_of_a_start_alone(lost: tuple[float, float], status: str):
    """Of 30 sites of 40 ten start in month 8: shares of their people and of others lose results."""
    rng, sites, people = np.random.default_rng(3), 30, 40
    site = np.repeat(np.arange(sites), people)
    cohort = np.where(site < 10, 8, NEVER)
    gone = rng.random(len(site)) < np.where(site < 10, *lost)
    person, month = np.divmod(np.arange(len(site) * 12), 12)
    kept = ~(gone[person] & (month >= 8))
    rows = (person[kept], month[kept], rng.normal(size=kept.sum()))
    made = RollOut(
        moments=fold(
            lambda: iter([rows]),
            People(cohort=cohort, cell=np.zeros(len(site), dtype=np.int64), cluster=site),
            np.arange(12),
        ),
        covariates=None, covariate_names=(), strata=None, flow=Flow(steps=(), arms=()),
    )  # fmt: skip
    found = roll_out_missing(made.moments, effects_of(made, spec()))
    assert found.status == status
    expected = lost[1] - lost[0]
    assert found.value == pytest.approx(expected, abs=0.05)
    alike = np.mean(~gone[site < 10]) - np.mean(~gone[site >= 10])
    assert found.value == pytest.approx(alike)  # everybody is seen in the base month


def test_missing_outcomes_are_those_of_the_people_the_estimate_compares_with():
    """`control: never` counts sites that start after the last month, as ATT(g,t) does.

    Of 3 sites of 10 people the first starts in month 8, the second in month 20, after all months,
    and loses 2 of 10; the third never starts and loses none: 1 less 9/10.
    """
    site = np.repeat(np.arange(3), 10)
    cohort = np.array([8, 20, NEVER])[site]
    person, month = np.divmod(np.arange(len(site) * 12), 12)
    kept = ~(np.isin(person, (10, 11)) & (month >= 8))
    value = np.random.default_rng(1).normal(size=kept.sum())
    people = People(cohort=cohort, cell=np.zeros(len(site), dtype=np.int64), cluster=site)
    made = RollOut(
        moments=fold(lambda: iter([(person[kept], month[kept], value)]), people, np.arange(12)),
        covariates=None, covariate_names=(), strata=None, flow=Flow(steps=(), arms=()),
    )  # fmt: skip
    asked = spec(rollout={"control": "never"})
    assert roll_out_missing(made.moments, effects_of(made, asked)).value == pytest.approx(0.1)


def test_mentors_before_a_site_started_are_contamination(engine):
    assert check(studies.answer(engine, spec(), 10), "contamination").display == "0.0 %"
    people = pd.DataFrame(
        {
            "start_month": [10, 10, 12, 12, 12, np.nan, np.nan, np.nan],
            "mentored_month": [9, 11, 11, 12, 13, 11, np.nan, np.nan],
        }
    )
    # Sites that start first are compared with nobody that started before them.
    assert _mentored_early(people) == (2, 6)
    assert _mentored_early(people.assign(mentored_month=np.nan)) is None
    assert contaminated_sites((2, 6), DEFAULT).status == "fail"
    assert contaminated_sites((1, 10), DEFAULT).status == "warn"
