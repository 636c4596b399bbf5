"""The demo company's survey, from its files to scores, against the answers that were drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from pipelines import ingest, models
from pipelines.config import load_project
from pipelines.demo import write_demo
from pipelines.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator

TIS = [f"tis_{n}" for n in range(1, 7)]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, pd.DataFrame]]:
    """The built warehouse of a small company, and its canonical answers."""
    paths = write_demo(tmp_path_factory.mktemp("demo"), people=600)
    project = load_project(paths.project)
    with Engine.memory(threads=1) as engine:
        ingest.land(
            engine, project.settings, paths.data, b"k" * 32, project=paths.project,
            keys=project.keys,
        )  # fmt: skip
        warnings = models.build(engine).warnings
        assert not [w for w in warnings if w.check.startswith("survey_")]
        drawn = pd.read_parquet(paths.canonical / "survey.parquet")
        yield engine, drawn[drawn["answered_on"].notna()]


def by_wave(engine: Engine, instrument: str, scale: str) -> pd.DataFrame:
    """People, mean and spread of a scale by wave."""
    return engine.frame(
        "select cast(wave as integer) as wave, count(*) as n, count(score) as scored, "
        "avg(score) as mean, stddev_samp(score) as sd from marts.survey_scores "
        "where instrument = $1 and scale = $2 group by all order by wave",
        [instrument, scale],
    )


def moments(scored: pd.Series, wave: pd.Series) -> pd.DataFrame:
    return scored.groupby(wave).agg(["count", "mean", "std"])


def agree(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The same people, means and spreads in every wave, but for rounding of sums."""
    assert found["wave"].tolist() == expected.index.tolist()
    assert found["n"].tolist() == found["scored"].tolist() == expected["count"].tolist()
    np.testing.assert_allclose(found["mean"], expected["mean"], rtol=1e-12)
    np.testing.assert_allclose(found["sd"], expected["std"], rtol=1e-12)


def test_intention_to_leave_is_scored_as_it_was_drawn(company) -> None:
    """Two items are inverted, and a third in the fifth wave alone."""
    engine, drawn = company
    answers = drawn[TIS].astype(float)
    answers[["tis_2", "tis_4"]] = 6 - answers[["tis_2", "tis_4"]]
    fifth = drawn["wave"] == 5
    answers.loc[fifth, "tis_5"] = 6 - answers.loc[fifth, "tis_5"]
    agree(by_wave(engine, "tis6", "total"), moments(answers.mean(axis=1), drawn["wave"]))


@pytest.mark.parametrize(
    ("instrument", "scale", "items"),
    [
        ("perceived_fit", "value_congruence", [f"value_congruence_{n}" for n in (1, 2, 3)]),
        ("organisational_knowledge", "total", [f"knowledge_{n}" for n in range(1, 7)]),
        ("mfq9", "total", [f"mfq_{n}" for n in range(1, 10)]),
        ("mfq9", "psychosocial", ["mfq_4", "mfq_5", "mfq_6"]),
    ],
)
def test_the_other_scales_are_means_of_their_items(company, instrument, scale, items) -> None:
    engine, drawn = company
    asked = drawn[drawn[items[0]].notna()]
    found = by_wave(engine, instrument, scale)
    agree(found, moments(asked[items].astype(float).mean(axis=1), asked["wave"]))
