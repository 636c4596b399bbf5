"""Two branches: an identity by hand, planted truths covered, cells equal to rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from analysis.estimators.aggregate import simultaneous, with_df
from analysis.estimators.cells import Cells, build_cells
from analysis.estimators.two_branches import Branches, derive, fieller, two_branches

FOUR = ("all", "in", "out", "selection")


def cells(
    treated: list[float], control: list[float], x: np.ndarray | None = None, **more: object
) -> Cells:
    """People of one group; treated first."""
    outcome = np.array([*treated, *control])
    arm = np.arange(len(outcome)) < len(treated)
    covariates = np.zeros((len(outcome), 0)) if x is None else x.reshape(len(outcome), -1)
    return build_cells(covariates, arm, outcome, **more)  # type: ignore[arg-type]


def spread_around(mean: float, people: int, size: float = 10.0) -> list[float]:
    """Many figures with exactly this mean."""
    return list(mean + size * (np.arange(people) - (people - 1) / 2) / people)


@pytest.mark.parametrize("opted_in", [40, 100, 160])
def test_no_effect_on_volunteers_leaves_all_of_it_to_the_others(opted_in: int) -> None:
    """The structure of the published trial (Sandvik et al.): 110 mentored against 171 in the
    mandatory branch, +17.5 %, and nothing for volunteers. The others then gain 17.5 / (1 - p).
    """
    found = two_branches(
        cells(spread_around(117.5, 110), spread_around(100.0, 171)),
        cells(spread_around(130.0, opted_in // 2), spread_around(130.0, opted_in // 2)),
        cells([], spread_around(80.0, 200 - opted_in)),
    )
    assert isinstance(found, Branches)
    p = opted_in / 200
    figures = {name: d.value for name, d in derive(found.parts).items()}
    assert figures["all"] == pytest.approx(17.5)
    assert figures["in"] == pytest.approx(0.0, abs=1e-9)
    assert figures["out"] == pytest.approx(17.5 / (1 - p))
    assert figures["selection"] == pytest.approx(50.0)
    assert figures["controls"] == pytest.approx(100.0 - (130.0 * p + 80.0 * (1 - p)))


def test_without_covariates_errors_are_those_of_the_textbook() -> None:
    rng = np.random.default_rng(3)
    y = [list(rng.normal(m, s, n)) for m, s, n in
         ((5, 2, 30), (3, 1, 40), (6, 3, 25), (6, 2, 20), (1, 4, 50))]  # fmt: skip
    found = two_branches(cells(y[0], y[1]), cells(y[2], y[3]), cells([], y[4]))
    assert isinstance(found, Branches)
    v = [np.var(part, ddof=1) / len(part) for part in y]  # Neyman
    d = derive(found.parts)
    p, n = 45 / 95, 95
    share = p * (1 - p) / (n - 1)
    out = d["out"].value
    te_in = np.mean(y[2]) - np.mean(y[3])
    by_hand = {
        "all": v[0] + v[1],
        "in": v[2] + v[3],
        "out": (v[0] + v[1] + p**2 * (v[2] + v[3]) + (out - te_in) ** 2 * share) / (1 - p) ** 2,
        "selection": v[3] + v[4],
    }
    for name, variance in by_hand.items():
        assert found.linear(d[name].gradient)[0] == pytest.approx(np.sqrt(variance))
    _, df = found.linear(d["all"].gradient)
    assert df == pytest.approx(68)  # one group alone: its people less two means


def test_covariates_are_those_of_an_interacted_regression() -> None:
    """Lin (2013): the coefficient of a regression with arms times centred covariates, by OLS."""
    rng = np.random.default_rng(4)
    x = rng.integers(0, 4, 300).astype(float)
    arm = rng.random(300) < 0.5
    y = 2 + x + arm * (1 + 0.5 * x) + rng.normal(size=300)
    order = np.argsort(~arm, kind="stable")
    group = cells(list(y[arm]), list(y[~arm]), x[order])
    found = two_branches(group, cells([1, 2, 4], [3, 4, 9]), cells([], [1.0, 2.0]))
    assert isinstance(found, Branches)
    centred = x - x.mean()
    design = sm.add_constant(np.column_stack([arm, centred, arm * centred]).astype(float))
    fit = sm.OLS(y, design).fit(cov_type="HC2")
    assert derive(found.parts)["all"].value == pytest.approx(fit.params[1])
    # what the mean of the covariates adds: slopes differ, and another draw has other people
    more = fit.params[3] ** 2 * centred.var() / len(x)
    cross = found.linear(derive(found.parts)["all"].gradient)[0] ** 2 - fit.bse[1] ** 2
    assert cross == pytest.approx(more, rel=0.2)


def company(rng: np.random.Generator, people: int, opting: float) -> list[pd.DataFrame]:
    """Half go to either branch. Able people opt in and gain little, others gain much."""
    ability = rng.normal(size=people).round(1)
    volunteer = ability + rng.normal(size=people) > np.sqrt(2) * stats.norm.isf(opting)
    mandatory = rng.permutation(people) < people // 2
    mentored = rng.random(people) < 0.5
    gain = np.where(volunteer, 1.0, 4.0) - 0.5 * ability
    mentored &= mandatory | volunteer
    y = 10 + 2 * ability + gain * mentored + rng.normal(size=people)
    frame = pd.DataFrame({"x": ability, "t": mentored, "y": y, "gain": gain, "v": volunteer})
    frame["y0"] = 10 + 2 * ability
    return [
        frame[mandatory],
        frame[~mandatory & volunteer],
        frame[~mandatory & ~volunteer],
    ]


def decomposed(groups: list[pd.DataFrame], **more: object) -> Branches:
    made = [
        build_cells(
            g[["x"]].to_numpy() if i < 2 else g[[]].to_numpy(dtype=float),
            g["t"].to_numpy(), g["y"].to_numpy(), **more,
        )
        for i, g in enumerate(groups)
    ]  # fmt: skip
    found = two_branches(*made)
    assert isinstance(found, Branches)
    return found


def truth(opting: float) -> dict[str, float]:
    """Means over a million people."""
    whole = pd.concat(company(np.random.default_rng(1), 1_000_000, opting))
    volunteer = whole["v"]
    by = whole.groupby(volunteer)[["gain", "y0"]].mean()
    return {
        "all": whole["gain"].mean(),
        "in": by.loc[True, "gain"],
        "out": by.loc[False, "gain"],
        "selection": by.loc[True, "y0"] - by.loc[False, "y0"],
    }


def test_planted_truths_are_covered_and_all_four_at_once() -> None:
    """400 companies of 600 people: coverage within 99.9 % binomial bounds of 95 %."""
    planted, draws = truth(0.4), 400
    covered = dict.fromkeys((*FOUR, "controls", "fieller", "band"), 0)
    values: list[list[float]] = []
    for draw in range(draws):
        found = decomposed(company(np.random.default_rng([11, draw]), 600, 0.4))
        d = derive(found.parts)
        inside = []
        for name in (*FOUR, "controls"):
            error, df = found.linear(d[name].gradient)
            miss = abs(d[name].value - planted.get(name, 0.0)) / error
            covered[name] += miss < stats.t.ppf(0.975, df)
            inside.append(miss)
        gradients = np.array([d[name].gradient for name in FOUR])
        critical = simultaneous(
            gradients @ found.covariance @ gradients.T, np.random.default_rng(draw)
        )
        covered["band"] += max(inside[:4]) < critical
        low, high = fieller(found) or (-np.inf, np.inf)
        covered["fieller"] += low < planted["out"] < high
        values.append([d[name].value for name in FOUR])
    low, high = stats.binom.ppf([0.0005, 0.9995], draws, 0.95)
    assert all(low <= n <= high for n in covered.values()), covered
    mean, error = np.mean(values, axis=0), np.std(values, axis=0) / np.sqrt(draws)
    assert (np.abs(mean - [planted[n] for n in FOUR]) < 4 * error).all()


def test_where_few_stay_out_the_share_is_part_of_the_doubt() -> None:
    """With 95 % opting in Fieller is not symmetric, and covers; with one person left it is open."""
    draws, planted, inside = 300, truth(0.95)["out"], 0
    for draw in range(draws):
        found = decomposed(company(np.random.default_rng([12, draw]), 600, 0.95))
        low, high = fieller(found) or (-np.inf, np.inf)
        inside += low < planted < high
    assert inside >= stats.binom.ppf(0.0005, draws, 0.95)
    nearly = two_branches(
        cells([5, 6, 7], [1, 2, 4]), cells([5, 6, 8], [5, 4, 4]), cells([], [1.0, 3.0])
    )
    assert isinstance(nearly, Branches)
    assert fieller(nearly) is None


@pytest.mark.parametrize("clustered", [False, True])
def test_cells_are_the_rows(clustered: bool) -> None:
    groups = company(np.random.default_rng(7), 2_000, 0.4)

    def parts(exact: bool) -> Branches:
        made = []
        for i, g in enumerate(groups):
            x = np.clip(g[["x"]].to_numpy().round(0), -2, 2)
            code = (np.arange(len(g)) % 25).astype(np.int64)
            made.append(
                build_cells(
                    x if i < 2 else x[:, :0], g["t"].to_numpy(), g["y"].to_numpy(),
                    cluster=code if clustered else None, exact_rows=exact,
                )
            )  # fmt: skip
            if not exact:
                assert made[-1].compression > 2
        found = two_branches(*made)
        assert isinstance(found, Branches)
        return found

    rows, compressed = parts(True), parts(False)
    assert compressed.parts == pytest.approx(rows.parts, rel=1e-10)
    assert compressed.covariance == pytest.approx(rows.covariance, rel=1e-8, abs=1e-14)
    assert compressed.clusters == rows.clusters == (25 if clustered else None)


def test_reasons() -> None:
    fine = cells([5, 6, 7], [1, 2, 4])
    assert "did not opt in" in str(two_branches(fine, fine, cells([], [1.0])))
    assert "no more people" in str(two_branches(fine, cells([5.0], [4, 4]), cells([], [1.0, 2])))


def test_a_band_of_few_clusters_is_as_wide_as_their_errors_are_uncertain() -> None:
    """Four figures, their covariance estimated from six clusters: a normal band is too narrow."""
    assert with_df(1.959964, 11) == pytest.approx(2.200985, abs=1e-5)  # a table of t
    rng = np.random.default_rng(12)
    draws, df = 300, 5
    narrow = wide = 0
    for _ in range(draws):
        errors = rng.normal(size=(df, 4))
        covariance = errors.T @ errors / df
        t = np.abs(rng.normal(size=4)) / np.sqrt(np.diag(covariance))
        critical = simultaneous(covariance, rng)
        narrow += bool((t <= critical).all())
        wide += bool((t <= with_df(critical, df)).all())
    least = stats.binom.ppf(0.0005, draws, 0.95)
    assert narrow < least <= wide
