"""Models of exits against what does not share their code: by hand, by row, by leaving one out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.genmod.families.links import CLogLog, Logit
from statsmodels.stats.sandwich_covariance import cov_cluster

from analysis.exits.calendar import calendar_month, first_day
from analysis.exits.careers import KINDS, NEVER, Careers, Covariate
from analysis.exits.columns import Layout, baseline_of, code_of, layout_of
from analysis.exits.entries import Entries, assigned, sequential
from analysis.exits.incidence import area, by_day, standardise
from analysis.exits.models import (
    Kind,
    KindModel,
    Link,
    fit_competing,
    fit_kind,
    kinds_of,
    one_effect,
)
from analysis.exits.person_months import PersonMonths, person_months
from analysis.exits.unadjusted import seen_incidence

FIRST = 12 * 2023
VOLUNTARY, INVOLUNTARY = KINDS.index("voluntary"), KINDS.index("involuntary")
SAME = 1e-8  # two maximisers of one likelihood


def drawn(n: int = 400, seed: int = 5, **more: object) -> Careers:
    """People who start, leave and are seen at random; one covariate of three groups."""
    rng = np.random.default_rng(seed)
    begin = int(first_day(np.array(FIRST)))
    start = np.where(rng.random(n) < 0.5, begin + rng.integers(0, 300, n), NEVER)
    left = begin + rng.geometric(1 / 700, n)
    end = np.full(n, begin + 729)
    kind = np.where(left <= end, np.where(rng.random(n) < 0.7, VOLUNTARY, INVOLUNTARY), 0)
    left = np.where(kind > 0, left, NEVER)
    codes = rng.integers(-1, 3, n).astype(np.int16)[:, None]
    group = Covariate(name="g", codes=codes, labels=("a", "b", "c"), scores=(-1.0, 0.0, 2.0))
    parts = {
        "person": np.arange(n) // 2,
        "cluster": np.arange(n) // 2,
        "hired": begin - rng.integers(1, 1_500, n),
        "zero": np.full(n, begin),
        "arm": np.full(n, -1),
        "start": np.where(start < left, start, NEVER),
        "exit": left,
        "kind": kind,
        "notice": np.full(n, NEVER),
        "end": end,
        "eligible": np.ones((n, 24), dtype=bool),
        "first_month": FIRST,
        "undated": np.zeros(n, dtype=bool),
        "covariates": (group,),
        **more,
    }
    return Careers(**parts)


def rows_of(
    careers: Careers, entries: Entries, layout: Layout
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Every person-month as a row: columns, exit, spell, weight place. One at a time."""
    design, kind, row, place = [], [], [], []
    for e in range(len(entries)):
        r = entries.row[e]
        for k in range(1, entries.last[e] + 1):
            month = np.array([entries.month[e] + k - 1])
            tenure = layout.tenure_code(month - calendar_month(careers.hired[[r]]))
            pattern = layout.baseline.at(entries.row[[e]], entries.column[[e]])
            band = code_of(np.array([k]), layout.bands)
            arm = np.array([int(entries.treated[e])])
            design.append(layout.rows(pattern, month, tenure, band, arm)[0])
            kind.append(entries.kind[e] if k == entries.last[e] else 0)
            row.append(r)
            place.append((e, k - 1))
    return np.array(design), np.array(kind), np.array(row), np.array(place)


@pytest.mark.parametrize("link", ["cloglog", "logit"])
@pytest.mark.parametrize("weighted", [False, True])
def test_cells_give_the_regression_on_person_months(link: Link, weighted: bool) -> None:
    """Coefficients and errors clustered by person equal statsmodels' on the rows."""
    careers = drawn()
    entries = sequential(careers, 6)
    layout = layout_of(careers, entries, baseline_of(careers))
    weights = np.random.default_rng(1).uniform(0.5, 2, (len(entries), 6)).astype(np.float32)
    cells = person_months(careers, entries, layout, weights if weighted else None)
    names = layout.names
    kept = [j for j, n in enumerate(names) if n.startswith(("constant", "months", "g", "effect"))]
    mix = np.eye(len(names))[:, kept]
    model = fit_kind(cells, Kind(name="v", codes=(VOLUNTARY,)), mix, careers.cluster, link)
    assert isinstance(model, KindModel)
    assert model.hazard is not None
    design, kind, row, place = rows_of(careers, entries, layout)
    weight = weights[tuple(place.T)].astype(float) if weighted else np.ones(len(row))
    family = sm.families.Binomial(link=CLogLog() if link == "cloglog" else Logit())
    fitted = sm.GLM(
        (kind == VOLUNTARY) * 1.0, design @ mix, family=family, freq_weights=weight
    ).fit(method="newton", tol=1e-12, maxiter=100)
    assert model.hazard.coefficients == pytest.approx(fitted.params, rel=SAME, abs=SAME)
    score = (design @ mix) * fitted.model.score_factor(fitted.params)[:, None]
    sums = np.array([score[row // 2 == g].sum(axis=0) for g in range(careers.cluster.max() + 1)])
    bread = np.linalg.inv(-fitted.model.hessian(fitted.params, observed=True))
    errors = np.sqrt(np.diag(bread @ sums.T @ sums @ bread))
    found = np.sqrt(np.diag(model.influence.T @ model.influence))
    assert found == pytest.approx(errors, rel=1e-6)
    if not weighted and link == "logit":  # statsmodels' own sandwich, of canonical links
        own = cov_cluster(fitted, row // 2, use_correction=False)
        assert found == pytest.approx(np.sqrt(np.diag(own)), rel=1e-6)


def by_hand() -> tuple[Careers, Entries]:
    """Ten people in the treated arm and eight in the other, two months, no covariates."""
    both = [(1, VOLUNTARY), (1, INVOLUNTARY), (2, VOLUNTARY), (2, INVOLUNTARY)]
    last, kind = np.array([*both, (1, 0), *[(2, 0)] * 5, *both, *[(2, 0)] * 4]).T
    n = len(last)
    careers = replace(drawn(n), person=np.arange(n), cluster=np.arange(n), covariates=())
    return careers, Entries(
        row=np.arange(n), treated=np.arange(n) < 10, month=np.full(n, FIRST),
        column=np.zeros(n, np.int64), last=last, kind=kind, started=np.zeros(n, bool),
        group=np.zeros(n, np.int64), ends=np.array([[30, 60]]),
    )  # fmt: skip


AALEN_JOHANSEN = (  # voluntary, by arm and month, with fractions written out
    [1 / 8, 1 / 8 + 6 / 8 * 1 / 6],
    [1 / 10, 1 / 10 + 8 / 10 * 1 / 7],  # two of ten left, one more was not followed
)


def saturated(careers: Careers, entries: Entries) -> tuple[Layout, list[KindModel]]:
    """Models with a column for every month and arm, and nothing else."""
    layout = replace(layout_of(careers, entries, baseline_of(careers)), bands=np.array([1, 2]))
    cells = person_months(careers, entries, layout)
    names = layout.names
    kept = [j for j, n in enumerate(names) if n.startswith(("constant", "months", "effect"))]
    mix = np.eye(len(names))[:, kept]
    models = [fit_kind(cells, k, mix, careers.cluster, "logit") for k in kinds_of("voluntary")[:2]]
    assert not any(isinstance(m, str) for m in models)
    return layout, models


def test_without_covariates_the_incidence_is_that_of_aalen_and_johansen() -> None:
    careers, entries = by_hand()
    layout, models = saturated(careers, entries)
    figures = np.eye(2)[:, None, :]
    found = standardise(careers, entries, layout, models, figures, careers.cluster)
    assert found.value[:, 0] == pytest.approx(np.array(AALEN_JOHANSEN), abs=1e-6)
    seen = seen_incidence(entries, kinds_of("voluntary")[0], careers.cluster)
    assert seen.incidence == pytest.approx(np.array(AALEN_JOHANSEN), abs=1e-12)
    # nobody differs, so the models' influence is the estimator's own
    assert found.influence[:, 0] == pytest.approx(seen.influence, abs=1e-6)


def test_the_influence_of_the_incidence_is_what_leaving_people_out_does() -> None:
    """The jackknife over people, within 5 %: it differs from the influence by terms of 1 / n."""
    careers = drawn(240)
    entries = assigned(replace(careers, arm=np.arange(240) % 2), 6, 1)
    baseline = baseline_of(careers)
    kinds = kinds_of("voluntary")[:2]

    def difference(some: Entries) -> tuple[np.ndarray, np.ndarray]:
        layout = layout_of(careers, entries, baseline)
        names = layout.names
        mix = np.eye(len(names))[
            :, [j for j, n in enumerate(names) if n.startswith(("constant", "g", "effect"))]
        ]
        cells: PersonMonths = person_months(careers, some, layout)
        models = [fit_kind(cells, k, mix, careers.cluster, "cloglog") for k in kinds]
        figures = np.stack([by_day(some.ends, 135), area(some.ends, 180)])
        found = standardise(careers, some, layout, models, figures, careers.cluster)
        return (found.value[1] - found.value[0])[0], (found.influence[1] - found.influence[0])[0]

    influence = difference(entries)[1]
    left_out = np.array([difference(entries.take(entries.row // 2 != g))[0] for g in range(120)])
    jackknife = np.sqrt(119 / 120 * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
    assert np.sqrt((influence**2).sum(axis=1)) == pytest.approx(jackknife, rel=0.05)


def test_height_and_area_of_a_monthly_curve() -> None:
    ends = np.array([[31, 59, 90]])
    curve = np.array([0.31, 0.59, 0.90])  # a hundredth a day
    assert by_day(ends, 90)[0] @ curve == pytest.approx(0.90)
    assert by_day(ends, 45)[0] @ curve == pytest.approx(0.45)
    assert by_day(ends, 10)[0] @ curve == pytest.approx(0.10)
    assert by_day(ends, 91)[0] @ curve == pytest.approx(0.90)
    for days in (10, 45, 90):
        assert area(ends, days)[0] @ curve == pytest.approx(days**2 / 200)


def test_one_effect_is_the_sum_of_the_effects() -> None:
    careers = drawn(50)
    layout = layout_of(careers, sequential(careers, 12), baseline_of(careers))
    rows = layout.rows(*(np.zeros(3, np.int64),) * 3, np.array([0, 1, 2]), np.array([1, 1, 0]))
    assert (rows @ one_effect(layout))[:, -1].tolist() == [1, 1, 0]
    assert rows.shape[1] == len(layout.names)


def test_patterns_hold_scores_categories_and_what_is_missing() -> None:
    """Twenty people of each of four sorts; categories of fewer have no column."""
    number = Covariate(
        name="x", codes=np.repeat([0, 1, 2, -1], 20).astype(np.int16)[:, None],
        labels=("1", "2", "3"), scores=(1.0, 2.0, 3.0),
    )  # fmt: skip
    codes = np.tile([[0, 1], [0, 0], [0, 0], [1, 0]], (20, 1))
    words = Covariate(name="w", codes=codes.astype(np.int16), labels=("a", "b"))
    rare = Covariate(
        name="r", codes=(np.arange(80) < 19).astype(np.int16)[:, None], labels=("c", "d")
    )
    made = baseline_of(drawn(80, covariates=(number, words, rare)))
    assert made.names == ("x", "x squared", "x missing", "w=b")
    at = made.values[made.at(np.array([0, 0, 20, 60]), np.array([0, 1, 0, 1]))]
    low = -np.sqrt(1.5)
    assert at == pytest.approx(
        np.array([[low, 1.5, 0, 0], [low, 1.5, 0, 1], [0, 0, 0, 0], [0, 0, 1, 1]])
    )


def test_many_covariates_are_still_told_apart() -> None:
    """Twenty of ten groups have more combinations than a number of 64 bits."""
    rng = np.random.default_rng(1)
    many = tuple(
        Covariate(
            name=f"m{j}", codes=rng.integers(0, 10, (400, 1)).astype(np.int16),
            labels=tuple("abcdefghij"), scores=tuple(float(g) for g in range(10)),
        )
        for j in range(20)
    )  # fmt: skip
    found = baseline_of(drawn(covariates=many))
    values = found.values[found.pattern[:, 0]]
    for covariate in many:
        own = values[:, found.names.index(covariate.name)]
        assert np.corrcoef(own, covariate.codes[:, 0])[0, 1] == pytest.approx(1)


def test_bands_of_few_people_join_their_neighbour() -> None:
    """Everybody has a year of tenure and more, twenty people five years, five less than a year."""
    begin = int(first_day(np.array(FIRST)))
    hired = begin - np.concatenate([np.full(20, 1_900), np.full(100, 450), np.full(5, 200)])
    careers = drawn(125, hired=hired, arm=np.arange(125) % 2)
    layout = layout_of(careers, assigned(careers, 3, 1), baseline_of(careers))
    assert layout.tenures.tolist() == [0, 24]
    assert layout.usual == 0


def test_a_control_keeps_tenure_however_few_left_in_that_way() -> None:
    """Ten exits bear three columns at most: a competing kind is left with those, a control not."""
    careers = drawn()
    ended = KINDS.index("end_of_contract")
    some = np.flatnonzero(careers.kind == VOLUNTARY)[:10]
    kind = careers.kind.copy()
    kind[some] = ended
    careers = replace(careers, kind=kind)
    entries = sequential(careers, 12)
    layout = layout_of(careers, entries, baseline_of(careers))
    cells = person_months(careers, entries, layout)
    tenure = [j for j, name in enumerate(layout.names) if name.startswith("tenure")]
    assert len(tenure) > 2
    control = Kind(name="end_of_contract", codes=(ended,))
    made = {
        one: fit_competing(cells, layout, control, careers.cluster, one_effect=one)
        for one in (False, True)
    }
    assert made[True].mix[tenure].any(axis=1).all()
    assert not made[False].mix[tenure].any()
