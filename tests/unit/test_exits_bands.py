"""Numbers in bands as covariates of a study of exits."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.errors import SpecError
from analysis.exits.covariates import covariates
from tests.unit.test_exits_rules import study


def _of(values: list[str | None], **keys: Any):
    grid: Any = SimpleNamespace(attributes=pd.DataFrame({"age": values}), jobs={})
    told = np.ones((len(values), 1), dtype=bool)
    (found,) = covariates(study(adjust_for="age", **keys), grid, told, lambda _: pd.DataFrame())
    return found


def test_bands_are_categories_and_a_number_else_is_a_curve() -> None:
    ages: list[str | None] = ["29", "30", "49.5", "50", None]
    found = _of(ages, bands={"age": [30, 50]})
    assert found.codes[:, 0].tolist() == [0, 1, 1, 2, -1]
    assert found.labels == ("under 30", "30 to under 50", "50 and over")
    assert found.scores is None
    assert _of(ages).scores == (29.0, 30.0, 49.5, 50.0)


def test_bands_of_words_are_refused_without_quoting_them() -> None:
    with pytest.raises(SpecError, match="not a number for everybody") as refused:
        _of(["29", "old"], bands={"age": [30]})
    assert refused.value.key == "bands" and "old" not in str(refused.value)
