"""A company answered from arrays gives the findings that its files give, whole and exactly."""

from __future__ import annotations

import datetime as dt
import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from analysis.synthetic.company import draw_company
from pipelines import run as stages
from pipelines.demo import write_demo
from pipelines.engine import Engine
from pipelines.studies import answer
from tests.scenarios.draw import MIN_GROUP, lines
from tests.scenarios.engine import Memory
from tests.scenarios.marts import Marts
from tests.scenarios.questions import DEMO, TURNOVER, asked_of, spec_of
from tests.scenarios.quick import headline_only, shared_noise
from tests.scenarios.truth import starters_of

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.synthetic.company import Company

SIZE, SEED = 1_200, 7


@pytest.mark.parametrize(
    ("scenario", "studies"),
    [("default", tuple(DEMO)), ("notice", (TURNOVER,)), ("late_entries", (TURNOVER,))],
)
def test_findings_are_those_of_the_files(
    scenario: str, studies: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every estimate, curve, count and check; the studies are those the demo project declares."""
    (tmp_path / "demo.key").write_text("0123456789abcdef" * 4 + "\n")
    monkeypatch.setenv("MENTORLIFT_KEY_FILE", str(tmp_path / "demo.key"))
    paths = write_demo(tmp_path, scenario=scenario, people=SIZE, seed=SEED)
    stages.run(paths.project, paths.data, tmp_path / "out", lambda _: None, until="build")
    (built,) = (tmp_path / "out" / "runs").glob("*/work/built.duckdb")
    marts = Marts(draw_company(scenario, size=SIZE, seed=SEED))
    with Engine.open(built, read_only=True) as engine:
        for study in studies:
            spec = spec_of(study)
            assert answer(Memory(marts, spec), spec, MIN_GROUP) == answer(engine, spec, MIN_GROUP)


@pytest.mark.parametrize("scenario", ["default", "anticipation", "attrition"])
def test_what_is_kept_of_a_draw_is_the_same_without_secondary_figures(scenario: str) -> None:
    studies = [asked.study for asked in asked_of(scenario)]
    whole = list(lines(scenario, studies, size=SIZE, seed=SEED))
    with shared_noise(SEED), headline_only():
        quick = list(lines(scenario, studies, size=SIZE, seed=SEED))
    assert quick == whole
    assert all(line["figures"]["primary"]["truth"] is not None for line in whole)


@pytest.mark.parametrize("scenario", ["default", "notice"])
def test_the_truth_of_exits_is_about_the_people_of_the_study(scenario: str) -> None:
    (line,) = lines(scenario, [TURNOVER], size=SIZE, seed=SEED)
    assert line["people"][0] == len(starters_of(draw_company(scenario, size=SIZE, seed=SEED))[0])


def test_studies_are_asked_as_of_the_last_day_of_the_company() -> None:
    assert {spec_of(study).as_of for study in DEMO} == {dt.date(2025, 12, 31)}


def test_an_unknown_query_is_not_answered() -> None:
    spec = spec_of(TURNOVER)
    memory = Memory(Marts(draw_company("small", seed=SEED)), spec)
    with pytest.raises(KeyError):
        memory.frame("select 1")


def test_a_company_is_let_go_once_it_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cycle holds it: the collector counts objects, and comes late to a few large arrays."""
    alive = []

    class Watched(Marts):
        def __init__(self, company: Company) -> None:
            super().__init__(company)
            alive.append(weakref.ref(self))

    monkeypatch.setattr("tests.scenarios.draw.Marts", Watched)
    gc.disable()
    try:
        with shared_noise(SEED), headline_only():
            assert len(list(lines("default", DEMO, size=SIZE, seed=SEED))) == len(DEMO)
        assert [ref() for ref in alive] == [None]
    finally:
        gc.enable()
