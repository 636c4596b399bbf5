"""Notes of a mediation: who answered both waves, and how little would undo the indirect effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.diagnostics import Diagnostic, Share
from analysis.diagnostics.wording import share_text
from analysis.estimators.mediation_sensitivity import Sensitivity, sensitivity

if TYPE_CHECKING:
    from analysis.estimators.mediation import Paths
    from analysis.estimators.mediation_sensitivity import Floats
    from analysis.mediation_people import Rows
    from analysis.study import StudySpec

RHOS = (-0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6)  # where the curve of the indirect effect is printed
_NOT_GATED = "not gated"
_LATER = "Name a window of the mediators that ends before the outcome's begins."


def answered_notes(rows: Rows, spec: StudySpec, arm: str) -> tuple[Diagnostic, ...]:
    """Who enters the mediation, by arm, and who is left out for when they answered."""
    arms = (arm, spec.arms.comparison)
    shares = tuple(
        Share(name, used, drawn)
        for name, used, drawn in zip(arms, rows.counts, rows.drawn, strict=True)
        if drawn
    )
    if not shares:
        return ()
    notes = [
        _of_people(
            "mediation_answered",
            f"People who answered mediators and, a wave later, the outcome, {arm}",
            shares,
            "Mediation speaks for these people alone.",
        )
    ]
    for name, people, why in (
        ("mediation_same_wave", rows.same_wave, "answered mediators and outcome in one wave"),
        ("mediation_early", rows.early, "answered the mediators at or before time zero"),
    ):
        if people:
            label = f"People left out of the mediation because they {why}, {arm}"
            share = Share("", people, sum(rows.drawn))
            notes.append(_of_people(name, label, (share,), _LATER))
    return tuple(notes)


def _of_people(name: str, label: str, shares: tuple[Share, ...], remedy: str) -> Diagnostic:
    said = ", ".join(f"{s.label} {share_text(s.people / s.of)}".strip() for s in shares)
    return Diagnostic(
        name=name,
        label=label,
        value=None,
        display=said,
        threshold=_NOT_GATED,
        status="note",
        remedy=remedy,
        n_smallest=min(s.of for s in shares),
        shares=shares,
    )


def sensitivity_notes(
    rows: Rows, paths: Paths, gram: Floats, spec: StudySpec
) -> tuple[Diagnostic, ...]:
    """For each mediator the error correlation that undoes it, and the effect at others.

    Exposure drawn or not, mediators never are: no data can rule such a correlation out.
    """
    notes: list[Diagnostic] = []
    for name, found in sensitivity(paths, gram).items():
        notes.append(_undone(rows, name, found))
        notes.append(_curve(rows, name, found, spec.unit))
    return tuple(notes)


def _undone(rows: Rows, name: str, found: Sensitivity) -> Diagnostic:
    share = f"{100 * found.explained:.2g} % of both variances explained in common"
    return Diagnostic(
        name="mediation_rho",
        label=f"Error correlation at which nothing goes through {name}, {rows.arm}",
        value=found.rho,
        display=f"rho = {found.rho:.2f} ({share})",
        threshold=_NOT_GATED,
        status="note",
        remedy="A common cause of mediator and outcome that nobody measured would do this; name "
        "one that you know of and ask how strong it is.",
        reveals_effect=True,
        n_smallest=min(rows.counts),
        coarse=(round(found.rho, 2), f"rho = {found.rho:.2f} ({share})"),
    )


def _curve(rows: Rows, name: str, found: Sensitivity, unit: str) -> Diagnostic:
    effects = found.indirect(np.array(RHOS))
    said = "; ".join(f"{rho:+.1f}: {e:.2g}" for rho, e in zip(RHOS, effects, strict=True))
    return Diagnostic(
        name="mediation_rho_curve",
        label=f"What goes through {name} by the error correlation, {rows.arm}",
        value=None,
        display=f"{said} {unit}",
        threshold=_NOT_GATED,
        status="note",
        remedy="",
        reveals_effect=True,
        n_smallest=min(rows.counts),
    )
