"""How strong would something unseen have to be, in a study of exits in which people chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.diagnostics.unseen import e_value_note
from analysis.estimate import Estimate
from analysis.sensitivity.e_value import RARE, ratio_of_hazards

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.diagnostics import Diagnostic
    from analysis.estimate import Result
    from analysis.exits.figures import Maker
    from analysis.exits.setting import Compared


def e_value_notes(
    maker: Maker, compared: Compared | str, hazard_ratio: Result
) -> Iterator[Diagnostic]:
    """From the ratio of the standardised risks by the end of the window, and that of hazards."""
    if isinstance(compared, str):
        return
    risks, moved = _risks(maker, compared)
    if min(risks) <= 0:
        return
    target = maker.target("risk_ratio", "standardised risks", unit="ratio")
    influence = moved[1] / risks[1] - moved[0] / risks[0]
    ratio = maker.ratio(target, float(np.log(risks[1] / risks[0])), influence, compared.entries)
    for found, measure in ((ratio, "ratio of risks"), (hazard_ratio, "ratio of hazards")):
        if not isinstance(found, Estimate):
            continue
        figures = (found.estimate, found.ci_low, found.ci_high)
        if found is hazard_ratio:
            rare = bool(max(risks) < RARE)
            point, low, high = (ratio_of_hazards(f, rare=rare) for f in figures)
            figures = (point, low, high)
        people = min(found.n_treated, found.n_comparison)
        yield e_value_note(figures, measure, maker.arm, people)


def _risks(
    maker: Maker, compared: Compared
) -> tuple[tuple[float, float], tuple[np.ndarray, np.ndarray]]:
    """Standardised shares who left without and with the start, and their influences (G,)."""
    setting = maker.setting
    name, made = setting.spec.outcome.metric, compared.standardised
    kinds = [k.name for k in setting.kinds]
    picked = list(range(len(kinds))) if name == "any" else [kinds.index(name)]
    figure = compared.entries.months  # by the end of the primary window
    value = made.value[:, picked, figure].sum(axis=1)
    moved = made.influence[:, picked, figure].sum(axis=1)
    return (float(value[0]), float(value[1])), (moved[0], moved[1])
