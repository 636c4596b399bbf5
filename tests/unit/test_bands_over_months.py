"""Bands over the months of a drawn study: from figures whose covariance is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

from analysis.estimate import Estimate
from analysis.estimators.by_month import effects_by_month, widths
from analysis.estimators.linear import Fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

MONTHS = 12
MANY_DF = 100_000.0  # a t of so many is the normal to five digits
SIMULATED = 0.03  # on a 95 % point of 20,000 draws: three standard errors of about .01
LEVEL, DRAWS = 0.95, 20_000


def fit(cov: NDArray[np.float64], df: float = MANY_DF) -> Fit:
    count = len(cov)
    return Fit(
        effects=np.zeros(count), cov=cov, identified=np.ones(count, dtype=bool),
        t_df=np.full(count, df), df=df, clusters=None, convention="HC2",
    )  # fmt: skip


def width(cov: NDArray[np.float64], df: float = MANY_DF) -> float:
    first, *others = widths(fit(cov, df), range(len(cov)), np.random.default_rng(1))
    assert set(others) <= {first}
    return first


def fading(rho: float) -> NDArray[np.float64]:
    """Months whose correlation fades with their distance, and whose errors grow."""
    month = np.arange(MONTHS)
    errors = 1.0 + 0.25 * month
    distance = np.abs(month[:, None] - month)
    return np.asarray(rho**distance * np.outer(errors, errors))


def test_months_that_have_nothing_in_common_have_the_band_of_sidak_1967():
    alone = float(stats.norm.ppf((1 + LEVEL ** (1 / MONTHS)) / 2))
    assert width(np.diag(np.linspace(1, 9, MONTHS))) == pytest.approx(alone, abs=SIMULATED)


def test_months_that_move_as_one_have_the_interval_of_one():
    found = width(np.ones((MONTHS, MONTHS)))
    one = float(stats.norm.ppf(0.975))
    assert one - 1e-4 <= found == pytest.approx(one, abs=SIMULATED)


@pytest.mark.parametrize("rho", [0.3, 0.6, 0.95])
def test_the_band_covers_all_months_at_once_as_often_as_it_says(rho: float):
    """Normal figures drawn anew, by the Cholesky factor, are all inside in 95 % of draws.

    Allowance: 99.9 % binomial of these draws, and the same for the draws that made the band.
    """
    cov = fading(rho)
    half = width(cov) * np.sqrt(np.diag(cov))
    drawn = np.random.default_rng(2).standard_normal((DRAWS, MONTHS)) @ np.linalg.cholesky(cov).T
    inside = float((np.abs(drawn) <= half).all(axis=1).mean())
    error = np.sqrt(2 * LEVEL * (1 - LEVEL) / DRAWS)
    assert abs(inside - LEVEL) < stats.norm.ppf(0.9995) * error


def test_few_degrees_of_freedom_have_the_tail_of_their_t():
    """Twelve of a t are released as ten: the band is as wide as that of ten."""
    cov = fading(0.6)
    normal = width(cov)
    wide = float(stats.t.isf(stats.norm.sf(normal), 10))
    assert width(cov, 12.0) == width(cov, 10.0) == pytest.approx(wide, abs=1e-3)


ARMS: dict[str, Any] = {"arms": {"treated": ["mentored", "class"], "comparison": "control"}}


def panel_of(make_panel: Any) -> Any:
    rng, lines = np.random.default_rng(3), []
    for i in range(120):
        own = rng.normal()
        values = " ".join(f"{own + rng.normal() + (i % 3 > 0):.3f}" for _ in range(4))
        lines.append(f"{('control', 'mentored', 'class')[i % 3]} {values}")
    return make_panel("arm m1 m2 m3 m4\n" + "\n".join(lines))


def test_every_month_of_every_arm_has_a_band_around_its_interval(make_panel, make_spec):
    found = effects_by_month(panel_of(make_panel), make_spec(**ARMS), (1, 12))
    by: dict[str, dict[tuple[str, int], Estimate]] = {}
    for e in found:
        assert isinstance(e, Estimate)
        by.setdefault(e.target.name, {})[e.target.arm, e.target.window[0]] = e
    alone, together = by["by_month"], by["by_month_together"]
    assert alone.keys() == together.keys() and len(alone) == 8
    for key, one in alone.items():
        band = together[key]
        assert (one.estimate, one.std_error, one.n_people) == (
            band.estimate, band.std_error, band.n_people,
        )  # fmt: skip
        assert band.ci_low < one.ci_low < one.ci_high < band.ci_high
        assert band.p_value is None and one.p_value is not None
        assert "simultaneous band over 4 months" in band.convention


def test_the_band_is_the_same_each_time(make_panel, make_spec):
    panel, spec = panel_of(make_panel), make_spec(**ARMS)
    assert effects_by_month(panel, spec, (1, 12)) == effects_by_month(panel, spec, (1, 12))


def test_an_arm_with_one_month_has_no_band(make_panel, make_spec):
    lines = [f"{('control', 'mentored')[i % 2]} {i * i % 11}" for i in range(24)]
    rows = [f"{line} {'-' if 'mentored' in line else i % 7}" for i, line in enumerate(lines)]
    found = effects_by_month(make_panel("arm m1 m2\n" + "\n".join(rows)), make_spec(), (1, 12))
    assert {e.target.name for e in found} == {"by_month"}
