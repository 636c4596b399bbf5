"""All checks of a study of exits; none depends on the sign or size of the headline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.diagnostics.exit_models import (
    events_per_parameter,
    exits_seen,
    proportionality,
    weights_check,
)
from analysis.diagnostics.exit_starters import starters_checks
from analysis.diagnostics.no_effect import negative_controls
from analysis.diagnostics.power import minimum_detectable_effect
from analysis.exits.careers import KINDS
from analysis.exits.figures import Maker
from analysis.exits.models import Kind, exits_by_arm, fit_competing
from analysis.exits.starters import starters_of
from analysis.exits.unseen import e_value_notes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.diagnostics import Diagnostic
    from analysis.estimate import Result
    from analysis.exits.setting import ArmSetting, Compared, ExitSetting

CONTROLS = ("retirement", "end_of_contract")  # exits that mentoring cannot change
_LOOKED_AT = 5  # exits in the smaller arm from which on a control is tested


def checks_of(setting: ExitSetting, results: tuple[Result, ...]) -> tuple[Diagnostic, ...]:
    """Checks of every arm, then of the exits themselves; ``results`` for what could be detected."""
    found: list[Diagnostic] = []
    for arm in setting.arms:
        found += gates_of(setting, arm.arm, arm.compared)
        found += _notes_of(setting, arm)
        if not setting.assigned:
            ratio = next(
                r for r in results if r.target.name == "hazard_ratio" and r.target.arm == arm.arm
            )
            found += e_value_notes(Maker(setting=setting, arm=arm.arm), arm.compared, ratio)
    primary = tuple(r for r in results if r.target.name == "primary")
    return (*found, *minimum_detectable_effect(primary, setting.spec))


def gates_of(setting: ExitSetting, arm: str, compared: Compared | str) -> Iterator[Diagnostic]:
    """The checks of one arm that may lower or withhold an answer."""
    maker, limits = Maker(setting=setting, arm=arm), setting.spec.thresholds
    yield events_per_parameter(compared, limits)
    controls, arms = list(_controls(maker, compared)), len(setting.spec.arms.treated)
    yield negative_controls(controls, limits, arms=arms)
    if not setting.assigned:
        why = compared if isinstance(compared, str) else ""
        people = (0, 0) if isinstance(compared, str) else maker.counts(compared.entries)[:2]
        starters = why if isinstance(compared, str) else starters_of(setting, compared)
        names = (arm, setting.spec.arms.comparison)
        alike = starters_checks(starters, people, names, limits)
        beside = (*alike, weights_check(compared, limits))
        yield from beside if not why else (_not_looked_at(d) for d in beside)


def _notes_of(setting: ExitSetting, arm: ArmSetting) -> Iterator[Diagnostic]:
    maker = Maker(setting=setting, arm=arm.arm)
    yield proportionality(arm.compared, _df(maker, arm.compared))
    yield from exits_seen(setting, arm.compared)


def _not_looked_at(check: Diagnostic) -> Diagnostic:
    """A check of a comparison that was not made: it found nothing, and blames nobody."""
    return replace(
        check, status="note", value=None, display="not looked at: there is no comparison",
        remedy="", n_smallest=None, shares=(), coarse=None,
    )  # fmt: skip


def _df(maker: Maker, compared: Compared | str) -> float:
    if isinstance(compared, str):
        return 0.0
    return maker.spread(compared.models[0].influence[:, 0], compared.entries)[1]


def _controls(maker: Maker, compared: Compared | str) -> Iterator[Result]:
    """The ratio of hazards of each kind of exit that mentoring cannot change."""
    if isinstance(compared, str):
        return
    for name in CONTROLS:
        kind = Kind(name=name, codes=(KINDS.index(name),))
        few = min(exits_by_arm(compared.cells, kind)) < _LOOKED_AT
        if few or name == maker.setting.spec.outcome.metric:
            continue
        model = fit_competing(
            compared.cells, compared.layout, kind, maker.setting.cluster, one_effect=True
        )
        target = maker.target(name, "complementary log-log hazard", unit="ratio")
        if model.hazard is not None:
            yield maker.ratio(
                target, model.hazard.coefficients[-1], model.influence[:, -1], compared.entries
            )
