"""Gates catch what theory says they catch, and good data pass: few draws here, the table has more.

`MENTORLIFT_DRAWS=500` plants every size, as `python -m tests.detection` does.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analysis.opt_in import diagnose_opt_in
from analysis.randomised import diagnose_randomised
from analysis.roll_out import diagnose_roll_out, effects_of, leads_alike
from analysis.roll_out_results import window_result
from tests.detection import family, opt_in, randomised, roll_out
from tests.detection.__main__ import GATES
from tests.detection.curve import CAUGHT, CERTAIN, contradictions, measured, sizes
from tests.detection.data import panel, status_of, study
from tests.long_runs import draws

DRAWS = draws(24, 40)
ALL_SIZES = 200  # draws from which every size is planted
FOLDER = Path(__file__).parent
OF = {gate.name: gate for gate in GATES}


@pytest.mark.slow
@pytest.mark.parametrize("name", OF)
def test_a_gate_catches_what_theory_says(name: str) -> None:
    gate = OF[name]
    planted = sizes(gate) if DRAWS >= ALL_SIZES else [gate.none, sizes(gate)[-1]]
    points = [measured(gate, size, DRAWS, number) for number, size in enumerate(planted)]
    assert points[-1].theory == pytest.approx(CERTAIN, abs=1e-3)
    assert contradictions(gate, points) == []


@pytest.mark.slow
@pytest.mark.parametrize("design", family.DESIGNS)
def test_good_data_are_rarely_withheld(design: str) -> None:
    number = max(DRAWS // 4, 5)
    assert family.failures(design, number)[0] <= family.most(number)


def _table(name: str) -> list[dict[str, str]]:
    if not (FOLDER / name).exists():
        return []
    with (FOLDER / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_committed_curves_keep_the_promise() -> None:
    """At least 500 draws a size; 99 % caught where theory is .995, within 99.9 % bounds."""
    rows = _table("curves.csv")
    assert {row["gate"] for row in rows} == set(OF)
    for name, gate in OF.items():
        own = [row for row in rows if row["gate"] == name]
        assert min(int(row["draws"]) for row in own) >= 500
        sure = [row for row in own if float(row["theory"]) >= CERTAIN - 1e-4]
        assert sure, name
        for row in sure:
            draws = int(row["draws"])
            caught = round(float(row["caught"]) * draws)
            assert caught >= stats.binom.ppf(0.0005, draws, CAUGHT), row
        good = next(row for row in own if float(row["size"]) == pytest.approx(gate.none, rel=0.01))
        draws, failed = int(good["draws"]), float(good["failed"])
        assert round(failed * draws) <= stats.binom.ppf(0.9995, draws, gate.nominal), good


def test_the_committed_good_data_are_withheld_in_five_per_cent_at_most() -> None:
    rows = _table("good_data.csv")
    assert {row["design"] for row in rows} == set(family.DESIGNS)
    for row in rows:
        draws = int(row["draws"])
        assert round(float(row["withheld"]) * draws) <= family.most(draws), row


@pytest.mark.parametrize("seed", [1, 2])
def test_studies_say_what_the_curves_measure(seed: int) -> None:
    """The same data through the checks of a whole study."""
    rng = np.random.default_rng(seed)
    treated = np.arange(randomised.PEOPLE) < randomised.PEOPLE // 2
    seen = rng.random(len(treated)) < randomised.RECORDED - 0.12 * treated
    made = panel(treated, {1: np.where(seen, rng.normal(size=len(treated)), np.nan)})
    found = status_of(diagnose_randomised(made, randomised.SPEC), "differential_missing_outcome")
    assert randomised.missing_draw(0.12, np.random.default_rng(seed)) == found

    rng = np.random.default_rng(seed)
    joined, x = opt_in.people(rng)
    early = rng.normal(size=opt_in.PEOPLE) + x + 0.17 * joined
    made = panel(joined, {-8: early, 1: rng.normal(size=opt_in.PEOPLE)}, {"x": x})
    found = status_of(diagnose_opt_in(made, study("opt_in")), "placebo")
    assert opt_in.placebo_draw(0.17, np.random.default_rng(seed)) == found

    spec = roll_out.site_study(None)
    sites = roll_out.drifting(0.14, 20, np.random.default_rng(seed))
    effects = effects_of(sites, spec)
    head = window_result(effects, spec.follow_up.primary, name="primary", role="headline")
    found = status_of(diagnose_roll_out(sites, spec, effects, (head,)), "pre_trend")
    assert leads_alike(spec, effects).status == found


def test_theory_is_that_of_tables() -> None:
    """Points of the theories worked out elsewhere: a normal power, a binomial and an F."""
    assert opt_in.placebo_theory(0.0) == pytest.approx(0.05)
    assert randomised.balance_theory(0.0) == pytest.approx(0.001, abs=2e-4)
    z = 0.242 / np.sqrt(opt_in.att_variance(1.0, 1.0))
    assert opt_in.placebo_theory(0.242) == pytest.approx(stats.norm.sf(1.96 - z), abs=0.005)
    assert randomised.mixed_theory(0.2) == pytest.approx(stats.binom.sf(40, 200, 0.2))
