"""Benjamini & Hochberg 1995, table of 15 p-values: how many of them each correction rejects at 5 %.

The corrections are statsmodels'; this holds the names by which they are called.
"""

from __future__ import annotations

import pytest
from statsmodels.stats.multitest import multipletests

P_VALUES = (
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
    0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0,
)  # fmt: skip


@pytest.mark.parametrize(("method", "rejected"), [("bonferroni", 3), ("holm", 3), ("fdr_bh", 4)])
def test_rejections(method, rejected):
    assert multipletests(P_VALUES, alpha=0.05, method=method)[0].sum() == rejected
