"""Checks of models of exits: enough exits, weights, equal effects, exits with a date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.diagnostics import Diagnostic, Status
from analysis.diagnostics.wording import p_text
from analysis.exits.models import effect_columns
from analysis.rules import midpoint

if TYPE_CHECKING:
    from analysis.diagnostics.thresholds import Thresholds
    from analysis.exits.setting import Compared, ExitSetting

MORE_EXITS = (
    "Wait for more exits, adjust for fewer covariates, or study a wider population: with so few "
    "exits a parameter estimates and intervals cannot be relied on."
)


def events_per_parameter(compared: Compared | str, limits: Thresholds) -> Diagnostic:
    """Exits of the study's kind for each parameter: of the whole model, or of the effects alone.

    The fewer of two: people who left over all parameters, and those of the arm with fewer over
    the parameters of the effect.
    """
    figure: float | None = None
    smallest: int | None = None
    display = compared if isinstance(compared, str) else ""
    if not isinstance(compared, str):
        model = compared.models[0]
        effects = len(effect_columns(compared.layout, model.mix))
        used = 0 if model.hazard is None else int((np.diag(model.hazard.bread) > 0).sum())
        smallest = min(model.exits)
        figure = min(sum(model.exits) / max(used, 1), smallest / effects)
        display = f"{figure:.1f} ({sum(model.exits):,} exits, {used} parameters)"
    status: Status = "fail"
    if figure is not None and figure >= limits.exits_a_parameter_fail:
        status = "pass" if figure >= limits.exits_a_parameter_warn else "warn"
    return Diagnostic(
        name="events_per_parameter",
        label="Exits for each parameter of the model",
        value=figure,
        display=display,
        threshold=f"warn below {limits.exits_a_parameter_warn:g}, "
        f"fail below {limits.exits_a_parameter_fail:g}",
        status=status,
        remedy="" if status == "pass" else MORE_EXITS,
        n_smallest=smallest,
        coarse=None if figure is None else (float(round(figure)), f"about {figure:.0f}"),
    )


def weights_check(compared: Compared | str, limits: Thresholds) -> Diagnostic:
    """Stabilised weights of comparators who start later: their mean is 1 where models are right."""
    made = None if isinstance(compared, str) else compared.weights
    threshold = (
        f"warn where the mean is off 1 by more than {limits.weights_mean:g} or the largest is "
        f"above {limits.weights_largest:g}"
    )
    if made is None:
        return Diagnostic(
            name="start_weights",
            label="Weights of comparators who start later",
            value=None if isinstance(compared, str) else 1.0,
            display=compared if isinstance(compared, str)
            else "all 1: nothing adjusted for changes after a trial begins",
            threshold=threshold, status="fail" if isinstance(compared, str) else "pass",
            remedy="" if not isinstance(compared, str) else "See the headline's reason.",
        )  # fmt: skip
    off = abs(made.mean - 1) > limits.weights_mean or made.largest > limits.weights_largest
    return Diagnostic(
        name="start_weights",
        label="Weights of comparators who start later",
        value=made.mean,
        display=f"mean {made.mean:.2f}, largest {made.largest:.1f}, "
        f"cut off at {made.truncated_at:.1f}",
        threshold=threshold,
        status="warn" if off else "pass",
        remedy="Some comparators were almost sure to start. Study a population in which nobody is, "
        "or adjust for less that only starters have."
        if off
        else "",
    )


def proportionality(compared: Compared | str, df: float) -> Diagnostic:
    """Are the effects on the hazard equal in all months since the start (Wald test)? A note.

    The headline does not assume it; the single hazard ratio does.
    """
    p_value = None if isinstance(compared, str) else _equal_effects(compared, df)
    return Diagnostic(
        name="proportionality",
        label="The effect is the same in all months since the start",
        value=p_value,
        display="cannot be tested" if p_value is None else p_text(p_value),
        threshold="informs: the headline does not need it, a single hazard ratio does",
        status="note",
        remedy="Read the hazard ratio as an average over the months."
        if p_value is not None and p_value < 0.05
        else "",
        reveals_effect=True,
        coarse=None if p_value is None else (float(f"{p_value:.1g}"), p_text(p_value)),
    )


def _equal_effects(compared: Compared, df: float) -> float | None:
    model = compared.models[0]
    where = effect_columns(compared.layout, model.mix)
    if model.hazard is None:
        return None
    effects, moved = model.hazard.coefficients[where], model.influence[:, where]
    known = np.diag(model.hazard.bread)[where] > 0
    effects, moved = effects[known], moved[:, known]
    if len(effects) < 2:
        return None
    contrast = np.eye(len(effects))[1:] - np.eye(len(effects))[0]
    covariance = contrast @ (moved.T @ moved) @ contrast.T
    found = contrast @ effects
    wald = float(found @ np.linalg.pinv(covariance) @ found) / len(found)
    return float(stats.f.sf(wald, len(found), df))


def exits_seen(setting: ExitSetting, compared: Compared | str) -> tuple[Diagnostic, ...]:
    """Notes: people who left in each way during follow-up, by arm."""
    if isinstance(compared, str):
        return ()
    notes: list[Diagnostic] = []
    for model in compared.models:
        others, starters = model.exits
        notes.append(
            Diagnostic(
                name="exits_seen",
                label=f"{model.kind.name} exits during follow-up",
                value=float(sum(model.exits)),
                display=f"{starters:,} with, {others:,} without",
                coarse=(
                    None,
                    f"about {midpoint(starters):,} with, {midpoint(others):,} without",
                ),
                threshold="informs",
                status="note",
                remedy="",
                reveals_effect=True,  # with the people of each side it is the raw gap
                n_smallest=min((n for n in model.exits if n), default=None),
            )
        )
    return tuple(notes)
