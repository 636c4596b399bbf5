"""Trimming: people whose chance of joining was not extreme, as a population with a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from analysis.estimators.cells import Cells

LIMITS = (0.1, 0.9)  # Crump, Hotz, Imbens and Mitnik 2009 (Biometrika 96:187-199)


def trimmed(
    cells: Cells, chance: NDArray[np.float64], limits: tuple[float, float] = LIMITS
) -> Cells:
    """The cells whose chance of joining (c,) lies within the limits; models are fitted again."""
    low, high = limits
    return cells.where((chance >= low) & (chance <= high))
