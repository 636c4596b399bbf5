"""Callaway & Sant'Anna 2021, county employment and the minimum wage (data `mpdta` of R did).

Points to 1e-4, the precision in print. Standard errors are analytic (influence function); those
in print with R did's README are bootstrapped, so the recomputed analytic ones are used. What
csdid, diff-diff, moderndid, StatsPAI, pyfixest and linearmodels print is kept in
`mpdta_peers.csv` (made by `tests/benchmarks/effects/mpdta.py`) and met to 1e-8.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.compress import NEVER, Moments, People, fold
from analysis.estimators.aggregate import aggregate
from analysis.estimators.fixed_effects import two_way
from analysis.estimators.goodman_bacon import decompose
from analysis.estimators.group_time import GroupTime, att_by_group_and_time
from analysis.estimators.imputation import imputation

PRINTED = 6e-5
PARITY = 1e-8  # the same convention, another program
# diff-diff stops fitting the propensity earlier: its ATT(g,t) with covariates differ from the
# other three packages, which agree to 1e-11.
EARLY_STOP = 1e-4
HERE = Path(__file__).resolve().parent
YEARS = np.arange(2003, 2008)


@pytest.fixture(scope="module")
def table(shared: Path) -> pd.DataFrame:
    found = pd.read_csv(shared / "benchmarks" / "mpdta" / "mpdta.csv")
    return found.sort_values(["countyreal", "year"], ignore_index=True)


def moments(table: pd.DataFrame, *, each_its_cell: bool = False) -> Moments:
    counties = table.drop_duplicates("countyreal")
    cohort = counties["first_treat"].to_numpy(dtype=np.int64)
    code = np.repeat(np.arange(len(counties)), len(YEARS))
    rows = (code, table["year"].to_numpy() - 2003, table["lemp"].to_numpy())
    people = People(
        cohort=np.where(cohort == 0, NEVER, cohort),
        cell=np.arange(len(counties)) if each_its_cell else np.zeros(len(counties), dtype=int),
    )
    return fold(lambda: [rows], people, YEARS)


@pytest.fixture(scope="module")
def effects(table: pd.DataFrame) -> GroupTime:
    return att_by_group_and_time(moments(table), control="never_treated")


def test_every_group_and_time(effects):
    found = {(g, t): a for g, t, a in zip(effects.group, effects.period, effects.att, strict=True)}
    table = {
        2004: [-0.0105, -0.0704, -0.1373, -0.1008],
        2006: [0.0065, -0.0028, -0.0046, -0.0412],
        2007: [0.0305, -0.0027, -0.0311, -0.0261],
    }
    printed = {(g, t): row[t - 2004] for g, row in table.items() for t in YEARS[1:]}
    assert found.keys() == printed.keys()
    for pair, value in printed.items():
        assert found[pair] == pytest.approx(value, abs=PRINTED)


def test_simple_average(effects):
    simple = aggregate(effects, "simple")
    assert simple.overall == pytest.approx(-0.03995, abs=6e-6)
    assert simple.overall_std_error == pytest.approx(0.01203, abs=6e-6)


def test_by_cohort(effects):
    group = aggregate(effects, "group")
    assert group.estimate == pytest.approx([-0.0797, -0.0229, -0.0261], abs=PRINTED)
    assert group.overall == pytest.approx(-0.0310, abs=PRINTED)
    assert group.overall_std_error == pytest.approx(0.0124, abs=PRINTED)


def test_by_event_time(effects):
    event = aggregate(effects, "event")
    assert event.labels.tolist() == [-3, -2, -1, 0, 1, 2, 3]
    printed = [0.0305, -0.0006, -0.0245, -0.0199, -0.0510, -0.1373, -0.1008]
    errors = [0.0150, 0.0133, 0.0142, 0.0118, 0.0169, 0.0364, 0.0344]
    assert event.estimate == pytest.approx(printed, abs=PRINTED)
    assert event.std_error == pytest.approx(errors, abs=PRINTED)
    assert event.overall == pytest.approx(-0.0772, abs=PRINTED)
    assert event.overall_std_error == pytest.approx(0.0200, abs=PRINTED)


def test_by_calendar_time(effects):
    calendar = aggregate(effects, "calendar")
    assert calendar.estimate == pytest.approx([-0.0105, -0.0704, -0.0488, -0.0371], abs=PRINTED)
    assert calendar.overall == pytest.approx(-0.0417, abs=PRINTED)
    assert calendar.overall_std_error == pytest.approx(0.0160, abs=PRINTED)


def test_doubly_robust_with_population(table):
    """Log population is continuous: every county is its own cell."""
    counties = table.drop_duplicates("countyreal")
    covariates = np.column_stack([np.ones(len(counties)), counties["lpop"]])
    adjusted = att_by_group_and_time(
        moments(table, each_its_cell=True), control="never_treated", covariates=covariates
    )
    simple = aggregate(adjusted, "simple")
    event = aggregate(adjusted, "event")
    assert simple.overall == pytest.approx(-0.04175, abs=6e-6)
    assert simple.overall_std_error == pytest.approx(0.01150, abs=6e-6)
    assert event.overall == pytest.approx(-0.0804, abs=PRINTED)
    assert event.overall_std_error == pytest.approx(0.0190, abs=PRINTED)


def test_two_way_fixed_effects(table):
    """Standard errors with the dummies of counties not counted as parameters, and counted."""
    fit = two_way(moments(table))
    assert fit.estimate == pytest.approx([-0.03655], abs=6e-6)
    assert fit.std_error() == pytest.approx([0.01327], abs=6e-6)
    assert fit.std_error(counted=True) == pytest.approx([0.01483], abs=6e-6)


def test_two_way_fixed_effects_is_the_average_of_its_comparisons(table):
    """Goodman-Bacon's theorem 1; four in five parts compare with counties never treated."""
    pairs = decompose(moments(table))
    assert sum(p.weight for p in pairs) == pytest.approx(1)
    assert sum(p.weight * p.estimate for p in pairs) == pytest.approx(-0.03655, abs=6e-6)
    clean = sum(p.weight for p in pairs if p.compared_with == "never treated")
    assert clean == pytest.approx(0.863, abs=0.001)


def test_imputation(table):
    assert imputation(moments(table)).estimate[0] == pytest.approx(-0.04771, abs=6e-6)


# csdid 0.4.3, `ATTgt(anticipation=1)`, analytic standard errors, printed to six digits.
ANTICIPATED = {
    "never_treated": {
        (2006, 2004): (0.006520, 0.023327), (2006, 2005): (-0.002751, 0.019559),
        (2006, 2006): (-0.007345, 0.022943), (2006, 2007): (-0.043975, 0.026579),
        (2007, 2004): (0.030507, 0.015034), (2007, 2005): (-0.002726, 0.016396),
        (2007, 2006): (-0.031087, 0.017878), (2007, 2007): (-0.057142, 0.020210),
    },
    "not_yet_treated": {
        (2006, 2004): (-0.002563, 0.022530), (2006, 2005): (-0.001939, 0.019042),
        (2006, 2006): (-0.007345, 0.022943), (2006, 2007): (-0.043975, 0.026579),
        (2007, 2004): (0.029759, 0.014534), (2007, 2005): (-0.002726, 0.016396),
        (2007, 2006): (-0.031087, 0.017878), (2007, 2007): (-0.057142, 0.020210),
    },
}  # fmt: skip


@pytest.mark.parametrize("control", ANTICIPATED)
def test_a_year_of_anticipation(table, control):
    found = att_by_group_and_time(moments(table), control=control, anticipation=1)
    printed = ANTICIPATED[control]
    assert list(zip(found.group, found.period, strict=True)) == list(printed)
    assert found.att == pytest.approx([v for v, _ in printed.values()], abs=6e-7)
    assert found.std_error == pytest.approx([e for _, e in printed.values()], abs=6e-7)
    simple, event = aggregate(found, "simple"), aggregate(found, "event")
    assert (simple.overall, simple.overall_std_error) == pytest.approx((-0.04520554, 0.01668313))
    assert (event.overall, event.overall_std_error) == pytest.approx((-0.04473430, 0.01861171))


def test_two_years_of_anticipation(table):
    """From two years before the start on, the base is the third: csdid again."""
    found = att_by_group_and_time(moments(table), control="never_treated", anticipation=2)
    printed = [0.006520, 0.003769, -0.000825, -0.037455, 0.030507, -0.002726, -0.033813, -0.059867]
    assert found.base.tolist() == [2003, 2003, 2003, 2003, 2003, 2004, 2004, 2004]
    assert found.att == pytest.approx(printed, abs=6e-7)


def figures(effects: GroupTime) -> dict[str, tuple[float, float]]:
    """Every ATT(g,t) and aggregation by the names of `mpdta_peers.csv`."""
    pairs = zip(effects.group, effects.period, effects.att, effects.std_error, strict=True)
    found = {f"att {g} {t}": (b, se) for g, t, b, se in pairs}
    for kind in ("simple", "group", "event", "calendar"):
        made = aggregate(effects, kind)
        found[f"{kind} overall"] = (made.overall, made.overall_std_error)
        each = zip(made.labels, made.estimate, made.std_error, strict=True)
        found |= {f"{kind} {label}": (b, se) for label, b, se in each}
    return found


def printed_by(package: str, task: str) -> dict[str, tuple[float, float]]:
    rows = pd.read_csv(HERE / "mpdta_peers.csv").query("package == @package and task == @task")
    assert len(rows)
    values = zip(rows["estimate"], rows["std_error"], strict=True)
    return dict(zip(rows["figure"], values, strict=True))


def agree(found, package: str, task: str, tolerance: float = PARITY) -> None:
    for name, (estimate, error) in printed_by(package, task).items():
        assert found[name][0] == pytest.approx(estimate, rel=tolerance, abs=tolerance), name
        assert found[name][1] == pytest.approx(error, rel=tolerance), name


@pytest.mark.parametrize("package", ["csdid", "diff-diff", "moderndid", "StatsPAI"])
def test_every_figure_of_other_packages(table, package):
    """Controls not treated yet, varying base; points and analytic standard errors."""
    agree(figures(att_by_group_and_time(moments(table))), package, "cs")


@pytest.mark.parametrize("package", ["csdid", "diff-diff", "moderndid", "StatsPAI"])
def test_every_doubly_robust_figure_of_other_packages(table, package):
    counties = table.drop_duplicates("countyreal")
    covariates = np.column_stack([np.ones(len(counties)), counties["lpop"]])
    effects = att_by_group_and_time(moments(table, each_its_cell=True), covariates=covariates)
    agree(figures(effects), package, "dr", EARLY_STOP if package == "diff-diff" else PARITY)


def test_two_way_fixed_effects_of_other_packages(table):
    """The periods are no parameters in linearmodels' count."""
    fit = two_way(moments(table))
    for package in ("pyfixest", "StatsPAI"):
        agree({"treated": (fit.estimate[0], fit.std_error()[0])}, package, "twfe")
    uncounted = fit.std_error()[0] * np.sqrt((fit.rows - len(YEARS) - 1) / (fit.rows - 1))
    agree({"treated": (fit.estimate[0], uncounted)}, "linearmodels", "twfe")
