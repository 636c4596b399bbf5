"""Grouped person-months beside all their rows: coefficients, both kinds of standard errors."""

from __future__ import annotations

import itertools

import duckdb
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from statsmodels.duration.hazard_regression import PHReg

from analysis.estimators.cox import fit_cox
from analysis.exits.hazard_by_month import MonthsModel, _chunks, fit_by_month
from analysis.exits.spans import Spans, equal_bands, risk_sets
from analysis.exits.trajectories import BROKEN, StartedSpans, started_spans, trajectories_sql

# Both sides go on to the maximum; what differs is the order of sums.
EXACT = 1e-8
VOLUNTARY, OTHER = 1, 2
LINKS = {"logit": sm.families.links.Logit(), "cloglog": sm.families.links.CLogLog()}
MONTHS, PEOPLE = 6, 400


def _rows(seed: int) -> pd.DataFrame:
    """Person-months of 400 people: late entry, two kinds of exits, starts, two covariates."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        itertools.product(range(PEOPLE), range(MONTHS)), columns=["person_no", "month"]
    )
    site, grade = rng.integers(0, 2, PEOPLE), rng.integers(0, 3, PEOPLE)
    first = np.maximum(rng.integers(-3, MONTHS - 1, PEOPLE), 0)
    start = rng.integers(0, 2 * MONTHS, PEOPLE)
    who, month = frame["person_no"].to_numpy(), frame["month"].to_numpy()
    frame["site"], frame["grade"] = site[who], grade[who]
    frame["started"] = start[who] <= month
    chance = 0.05 + 0.02 * month + 0.05 * site[who] - 0.03 * frame["started"]
    draw = rng.random(len(frame))
    frame["exit_kind"] = np.where(draw < chance, VOLUNTARY, np.where(draw > 0.97, OTHER, 0))
    frame = frame[month >= first[who]]
    gone = frame.groupby("person_no")["exit_kind"].transform(lambda kind: (kind > 0).cumsum())
    return frame[(gone == 0) | ((gone == 1) & (frame["exit_kind"] > 0))].reset_index(drop=True)


def _spans(rows: pd.DataFrame) -> StartedSpans:
    with duckdb.connect() as db:
        db.register("person_months", rows.sample(frac=1, random_state=0))
        names = ("site", "grade")
        found = db.execute(trajectories_sql("person_months", names)).fetchnumpy()
    return started_spans(found, names)


def _columns(of: StartedSpans) -> np.ndarray:
    return np.column_stack([of.started, of.covariates]).astype(float)


def _grouped(of: StartedSpans, link: str, edges: np.ndarray) -> MonthsModel | str:
    columns = _columns(of)
    sets = risk_sets(of.spans, len(columns), (VOLUNTARY,))
    return fit_by_month(of.spans, columns, sets, edges, (VOLUNTARY,), link)


def _by_rows(rows: pd.DataFrame, link: str, edges: np.ndarray, cluster: str) -> tuple:
    band = np.searchsorted(edges, rows["month"], side="right") - 1
    design = np.column_stack(
        [band[:, None] == np.arange(len(edges)), rows[["started", "site", "grade"]]]
    ).astype(float)
    model = sm.GLM(
        (rows["exit_kind"] == VOLUNTARY).astype(float).to_numpy(),
        design,
        family=sm.families.Binomial(link=LINKS[link]),
    )
    far = {"tol": 1e-10, "tol_criterion": "params"}  # its weights are those of a step before
    plain = model.fit(**far)
    groups = rows[cluster].to_numpy()
    clustered = model.fit(**far, cov_type="cluster", cov_kwds={"groups": groups})
    return plain.params[-3:], plain.bse[-3:], clustered.bse[-3:]


@pytest.mark.parametrize("link", LINKS)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10_000), edges=st.sampled_from([[0, 1, 2, 3, 4, 5], [0, 2, 5], [0]]))
def test_grouped_is_the_regression_on_rows(link: str, seed: int, edges: list[int]) -> None:
    rows, bands = _rows(seed), np.array(edges)
    ours = _grouped(_spans(rows), link, bands)
    assert isinstance(ours, MonthsModel)
    params, model_se, clustered_se = _by_rows(rows, link, bands, "person_no")
    np.testing.assert_allclose(ours.coefficients, params, rtol=EXACT, atol=EXACT)
    np.testing.assert_allclose(np.sqrt(np.diag(ours.model_cov)), model_se, rtol=EXACT)
    np.testing.assert_allclose(np.sqrt(np.diag(ours.cov)), clustered_se, rtol=EXACT)
    assert (ours.clusters, ours.rows) == (rows["person_no"].nunique(), len(rows))


def test_clusters_of_several_people() -> None:
    """Each entry is a person of a team; errors are clustered by team."""
    rows = _rows(5)
    rows["team"] = rows["person_no"] % 23
    compact = _spans(rows)
    one = rows.drop_duplicates("person_no")
    columns = {
        "first_month": rows.groupby("person_no")["month"].min().to_numpy(),
        "last_month": rows.groupby("person_no")["month"].max().to_numpy(),
        "exit_kind": rows.groupby("person_no")["exit_kind"].max().to_numpy(),
        "start_month": rows["month"].where(rows["started"]).groupby(rows["person_no"]).min()
        .fillna(99).astype(int).to_numpy(),
        "people": np.ones(len(one), dtype=int),
        "broken": np.zeros(len(one), dtype=int),
        "site": one["site"].to_numpy(),
        "grade": one["grade"].to_numpy(),
    }  # fmt: skip
    each = started_spans(columns, ("site", "grade"))
    assert each.spans.people.sum() == compact.spans.people.sum()
    spans = Spans(
        **{name: getattr(each.spans, name) for name in ("who", "pattern", "first", "last", "kind")},
        people=each.spans.people, cluster=one["team"].to_numpy(),
    )  # fmt: skip
    edges = np.array([0, 2])
    ours = _grouped(StartedSpans(spans=spans, covariates=each.covariates, started=each.started),
                    "cloglog", edges)  # fmt: skip
    assert isinstance(ours, MonthsModel)
    *_, clustered_se = _by_rows(rows, "cloglog", edges, "team")
    np.testing.assert_allclose(np.sqrt(np.diag(ours.cov)), clustered_se, rtol=EXACT)
    assert ours.clusters == 23


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_cox_from_counts_is_the_regression_on_rows(seed: int) -> None:
    """Rows of one month each, entering late; statsmodels counts entry at an exit as at risk."""
    rows, of = _rows(seed), _spans(_rows(seed))
    columns = _columns(of)
    sets = risk_sets(of.spans, len(columns), (VOLUNTARY,)).with_events()
    ours = fit_cox(columns, sets.at_risk, sets.events)
    peer = PHReg(
        rows["month"] + 1.0,
        rows[["started", "site", "grade"]].to_numpy(dtype=float),
        status=(rows["exit_kind"] == VOLUNTARY).to_numpy(dtype=int),
        entry=rows["month"] + 0.5,
        ties="efron",
    ).fit(disp=0)
    assert not isinstance(ours, str)
    np.testing.assert_allclose(ours.coefficients, peer.params, rtol=EXACT, atol=EXACT)
    np.testing.assert_allclose(np.sqrt(np.diag(ours.cov)), peer.bse, rtol=EXACT)


def test_people_with_the_same_months_are_one_entry() -> None:
    rows = pd.DataFrame(
        [
            (person, month, month >= 1, kind, 0, 0)
            for person, last in ((7, 2), (3, 2), (5, 1))
            for month in range(3)
            for kind in [VOLUNTARY if month == last and last == 1 else 0]
            if month <= last
        ],
        columns=["person_no", "month", "started", "exit_kind", "site", "grade"],
    )
    spans = _spans(rows).spans
    assert spans.people.tolist() == [1, 2]
    assert list(zip(spans.who, spans.first, spans.last, spans.kind, strict=True)) == [
        (0, 0, 0, 0), (0, 1, 1, VOLUNTARY), (1, 0, 0, 0), (1, 1, 2, 0)
    ]  # fmt: skip
    sets = risk_sets(spans, 2, (VOLUNTARY,))
    assert sets.at_risk.tolist() == [[3, 0, 0], [0, 3, 2]]
    assert sets.events.tolist() == [[0, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("month", [0, 2]),
        ("month", [1, 1]),
        ("started", [True, False]),
        ("exit_kind", [1, 0]),
        ("grade", [0, 1]),
    ],
)
def test_months_that_no_trajectory_can_say_are_refused(column: str, values: list) -> None:
    rows = pd.DataFrame(
        {"person_no": 1, "month": [0, 1], "started": False, "exit_kind": 0, "site": 0, "grade": 0}
    )
    rows[column] = values
    with pytest.raises(ValueError, match=BROKEN):
        _spans(rows)


def test_an_entry_is_never_cut_by_the_size_of_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    spans = _spans(_rows(1)).spans
    monkeypatch.setattr("analysis.exits.hazard_by_month._HELD", 6)
    parts = [np.unique(spans.who[at]) for at in _chunks(spans, 2)]
    assert len(parts) > 10
    np.testing.assert_array_equal(np.concatenate(parts), np.unique(spans.who))


def test_bands_hold_enough_exits() -> None:
    events = np.array([3, 0, 8, 10, 2, 0, 30, 4.0])
    edges = equal_bands(events, at_least=10, most=40)
    assert edges.tolist() == [0, 3, 4]
    assert np.add.reduceat(events, edges).min() >= 10
    assert equal_bands(events, at_least=10, most=2).tolist() == [0]
    assert equal_bands(np.array([1.0]), at_least=10, most=2).tolist() == [0]
