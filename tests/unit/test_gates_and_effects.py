"""No gate depends on the sign, size or significance of the headline, in any design.

The outcome of the treated is moved by a constant, and nothing else changes: every check whose
figure does not give the effect away must say word for word what it said before.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.compress import NEVER, People, fold
from analysis.exits.careers import KINDS, Careers
from analysis.exits.careers import NEVER as CAREERS_NEVER
from analysis.exits.results import estimate_exits
from analysis.finding import Flow, required_checks
from analysis.opt_in import diagnose_opt_in, estimate_opt_in
from analysis.randomised import diagnose_randomised, estimate_randomised
from analysis.roll_out import diagnose_roll_out, effects_of, estimate_roll_out
from analysis.roll_out_panel import RollOut
from tests.synthetic_careers import lottery_careers, opt_in_careers, roll_out_careers
from tests.unit.test_exits_results import company as firm
from tests.unit.test_exits_results import spec as of_exits
from tests.unit.test_opt_in import company, study
from tests.unit.test_roll_out_study import spec as roll_out_spec

EFFECTS = [-50.0, -0.3, 0.3, 50.0]  # in units of an outcome whose standard deviation is about 1
SITES, PEOPLE, MONTHS, START = 24, 20, 18, 12
DIGITS = 9  # what is computed from moved outcomes may differ in the last bits


def told(checks) -> list[tuple]:
    """What may be read of the checks whose figure is not the effect's own."""
    return [
        (d.name, d.label, d.status, d.display, d.remedy, d.value and round(d.value, DIGITS))
        for d in checks
        if not d.reveals_effect
    ]


def gates(checks) -> list[tuple[str, str]]:
    return [(d.name, d.status) for d in checks]


@pytest.mark.parametrize("added", EFFECTS)
def test_a_lottery(make_panel, make_spec, added: float) -> None:
    rng = np.random.default_rng(5)
    lines = [
        f"{('control', 'mentored')[i % 2]} {i % 2 if i % 40 else 1} {rng.normal():.3f} "
        f"{rng.normal():.3f} {rng.normal():.3f} {rng.normal():.3f}"
        for i in range(240)
    ]
    panel = make_panel("arm take_up m-1 m1 m2 x\n" + "\n".join(lines), covariates=("x",))
    panel = replace(panel, people=panel.people.assign(moved_house=rng.normal(size=240)))
    spec = make_spec(
        allocation={"share": 0.5}, adjust_for=["x"], take_up="recorded",
        negative_controls=["moved_house"],
    )  # fmt: skip
    arm = panel.people.set_index("person")["arm"]
    later = (panel.rows["person"].map(arm) == "mentored") & (panel.rows["event_month"] >= 0)
    moved = replace(panel, rows=panel.rows.assign(outcome=panel.rows["outcome"] + added * later))
    before, after = (diagnose_randomised(p, spec) for p in (panel, moved))
    assert (told(before), gates(before)) == (told(after), gates(after))
    first, then = (estimate_randomised(p, spec)[0] for p in (panel, moved))
    assert then.estimate == pytest.approx(first.estimate + added)
    assert required_checks(spec) - {"roster"} <= {d.name for d in before}


@pytest.mark.parametrize("added", EFFECTS)
def test_an_opt_in(added: float) -> None:
    panel, spec = company(), study(negative_controls=["moved_house"])
    arm = panel.people.set_index("person")["arm"]
    later = (panel.rows["person"].map(arm) == "joined") & (panel.rows["event_month"] >= 0)
    moved = replace(panel, rows=panel.rows.assign(outcome=panel.rows["outcome"] + added * later))
    before, after = (diagnose_opt_in(p, spec) for p in (panel, moved))
    assert (told(before), gates(before)) == (told(after), gates(after))
    first, then = (estimate_opt_in(p, spec)[0] for p in (panel, moved))
    assert then.estimate == pytest.approx(first.estimate + added)
    assert required_checks(spec) <= {d.name for d in before}


def sites(added: float) -> RollOut:
    """Half of the sites start in month 12 and gain; everybody is seen in every month."""
    rng = np.random.default_rng(6)
    site = np.repeat(np.arange(SITES), PEOPLE)
    cohort = np.where(site % 2, START, NEVER)
    value = rng.normal(size=(len(site), MONTHS))
    value[:, START:] += added * (site % 2)[:, None]
    person, month = np.divmod(np.arange(value.size), MONTHS)
    people = People(cohort=cohort, cell=np.zeros(len(site), dtype=np.int64), cluster=site)
    return RollOut(
        moments=fold(lambda: iter([(person, month, value.ravel())]), people, np.arange(MONTHS)),
        covariates=None, covariate_names=(), strata=None, flow=Flow(steps=(), arms=()),
        mentored_early=(1, 200),
    )  # fmt: skip


def of_sites(added: float):
    made, spec = sites(added), roll_out_spec()
    effects = effects_of(made, spec)
    results = estimate_roll_out(made, spec, effects)
    return results, diagnose_roll_out(made, spec, effects, results)


@pytest.mark.parametrize("added", EFFECTS)
def test_a_roll_out(added: float) -> None:
    (results, before), (moved, after) = of_sites(0.0), of_sites(added)
    assert (told(before), gates(before)) == (told(after), gates(after))
    assert moved[0].estimate == pytest.approx(results[0].estimate + added)
    assert required_checks(roll_out_spec()) <= {d.name for d in before}


# It counts the exits of the study's kind: how many there are is no sign of the effect.
COUNTS = ("events_per_parameter",)


def resigning(careers: Careers, share: float) -> Careers:
    """That share of the exits of people with a mentor are resignations, whatever they were.

    Who leaves and when stays as it is, but for retirement and the end of contracts.
    """
    kinds = [KINDS.index(k) for k in ("voluntary", "involuntary")]
    free = np.isin(careers.kind, kinds) & (careers.start <= careers.exit)
    place = np.cumsum(free) / max(free.sum(), 1) <= share
    return replace(careers, kind=np.where(free, np.where(place, *kinds), careers.kind))


@pytest.mark.parametrize(
    ("design", "made"),
    [
        ("randomised", lottery_careers),
        ("opt_in", opt_in_careers),
        ("rollout", roll_out_careers),
    ],
)
def test_exits(design: str, made) -> None:
    """Nearly all exits of the mentored are resignations, or hardly any is."""
    careers = replace(made(firm()), notice=np.full(len(made(firm())), CAREERS_NEVER))
    found = [estimate_exits(resigning(careers, share), of_exits(design)) for share in (0.1, 0.9)]
    few, many = (results[0] for results, _, _ in found)
    assert few.estimate < many.estimate - 0.01
    before, after = ([d for d in checks if d.name not in COUNTS] for _, _, checks in found)
    assert (told(before), gates(before)) == (told(after), gates(after))
