"""The harness works on a few small companies, and the committed table is that of the kept draws."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from tests.scenarios import judged, raw, table
from tests.scenarios.judged import BIAS_ALLOWED, LEVEL, bounds, gates, of_question, summaries
from tests.scenarios.questions import CARE, SALES, SCENARIOS, SITES, Question, asked_of
from tests.scenarios.reports import read_report
from tests.scenarios.run import drawn, file_of, read_lines, run

if TYPE_CHECKING:
    from pathlib import Path

DRAWS, SIZE = 3, 1_500
ASKED = [asked for asked in asked_of("default") if asked.study in (SALES, CARE, SITES)]


def test_a_run_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    run(tmp_path, ASKED, draws=DRAWS, size=SIZE)
    path = file_of(tmp_path, "default", CARE)
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[: len(whole) // 2], encoding="utf-8")  # cut off within a line
    run(tmp_path, ASKED, draws=DRAWS, size=SIZE)
    assert path.read_text(encoding="utf-8") == whole
    for asked in ASKED:
        found = read_lines(file_of(tmp_path, asked.scenario, asked.study))
        assert len({line["seed"] for line in found}) == len(found) == DRAWS


def test_two_parts_draw_what_one_run_does(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run(whole, ASKED[:1], draws=DRAWS, size=SIZE)
    for place in (1, 2):
        run(parts, ASKED[:1], draws=DRAWS, size=SIZE, part=(place, 2))
    names = (ASKED[0].scenario, ASKED[0].study)
    assert [p.name for p in sorted(parts.iterdir())] == [
        file_of(parts, *names, part=(place, 2)).name for place in (1, 2)
    ]
    found = sorted(drawn(parts, *names), key=lambda line: line["seed"])
    assert found == drawn(whole, *names)
    run(parts, ASKED[:1], draws=DRAWS, size=SIZE)  # nothing is missing
    assert not file_of(parts, *names).exists()


def test_rows_kept_and_table_follow_from_the_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, ASKED, draws=DRAWS, size=SIZE)
    monkeypatch.setattr(raw, "RAW", tmp_path / "raw")
    raw.refresh(tmp_path)
    rows = {row[1]: row for row in table.figures() if row[2] == "primary"}
    assert rows.keys() == {SALES, CARE, SITES}
    for study, row in rows.items():
        found = read_lines(file_of(tmp_path, "default", study))
        estimates = [line["figures"]["primary"].get("estimate") for line in found]
        known = [e for e in estimates if e is not None]
        assert (row[4], row[5]) == (str(DRAWS), str(len(known)))
        assert float(row[8]) == pytest.approx(sum(known) / len(known), rel=0.01)


ROWS = pd.DataFrame(
    {
        "grade": ["Randomised", "Credible", "Withheld", "Withheld"],
        "primary.estimate": [1.0, 2.0, 3.0, None],
        "primary.std_error": [1.0, 1.0, 1.0, None],
        "primary.low": [-1.0, 1.5, 1.0, None],
        "primary.high": [3.0, 4.0, 5.0, None],
        "primary.p": [0.3, 0.04, 0.01, None],
        "primary.truth": [1.0, 1.0, 1.0, None],
        "naive.estimate": [4.0, 4.0, 4.0, 4.0],
        "check.balance": ["p", "w", "f", "f"],
        "check.roster": ["p", "p", "p", "p"],
    }
)


def test_a_table_counted_by_hand() -> None:
    asked = Question("default", SALES, "recovers")
    (found,) = of_question(asked, ROWS)
    assert (found.draws, found.estimated) == (4, 3)
    assert (found.mean, found.bias, found.naive) == (2.0, 1.0, 4.0)
    assert found.bias_error == pytest.approx(1 / math.sqrt(3))
    assert found.coverage == pytest.approx(2 / 3)  # the second interval lies above 1
    assert found.claims == pytest.approx(2 / 3)
    assert found.wrong == 1 / 4  # the second alone: shown, and not holding the truth
    assert found.grades["Withheld"] == 1 / 2
    assert "withheld in over 5 %" in found.verdict()
    assert gates(asked, ROWS) == [("balance", 0.5, 0.25)]


def test_bounds_are_those_of_exact_binomial_sums() -> None:
    draws, (low, high) = 200, bounds(LEVEL, 200)

    def below(count: int, rate: Fraction) -> Fraction:
        return sum(
            math.comb(draws, k) * rate**k * (1 - rate) ** (draws - k) for k in range(count + 1)
        )

    # what a bias of a quarter of a standard error leaves of 95 %: P(-1.96 < z + .25 < 1.96)
    assert BIAS_ALLOWED == 0.25
    tail, worst = Fraction(5, 10_000), Fraction(9_428, 10_000)
    least, most = round(low * draws), round(high * draws)
    assert below(least - 1, worst) < tail <= below(least, worst)
    assert below(most - 1, Fraction(95, 100)) < 1 - tail <= below(most, Fraction(95, 100))


@pytest.mark.parametrize("scenario", ["hidden_selection", "attrition"])
def test_a_withheld_report_says_nothing_of_its_numbers(scenario: str) -> None:
    row = read_report(scenario, size=3_000, seed=3)
    assert row["breaches"] == 0
    assert 0 < row["withheld"] == row["without_number"] <= row["studies"]


def test_committed_table_is_that_of_the_kept_draws() -> None:
    found = table.figures()
    assert found, "no draws are kept"
    assert table.FIGURES.read_text(encoding="utf-8") == table.figures_text()
    assert table.GATES.read_text(encoding="utf-8") == table.gates_text()
    assert table.PAGE.read_text(encoding="utf-8") == table.page()


@pytest.mark.parametrize("found", list(summaries()), ids=lambda s: s.name)
def test_promises_hold_in_the_kept_draws(found: judged.Summary) -> None:
    assert found.verdict() == table.KNOWN.get(found.name, "")


def test_every_question_has_its_draws() -> None:
    """500 of them at least; one code made all draws of a question, no seed is drawn twice."""
    for asked in judged.QUESTIONS:
        frame = raw.kept(asked)
        assert frame is not None, asked
        assert len(frame) >= 500
        assert frame["seed"].is_unique
        assert frame["size"].nunique() == frame["code"].nunique() == 1


def test_reports_break_no_rule() -> None:
    rows = pd.read_csv(table.REPORTS, keep_default_na=False)  # one scenario is called null
    drawn = rows.groupby("scenario").size()
    assert set(drawn.index) == set(SCENARIOS) and (drawn >= 20).all()
    assert (rows["breaches"] == 0).all()
    assert (rows["withheld"] == rows["without_number"]).all()


def test_lines_are_plain_json(tmp_path: Path) -> None:
    run(tmp_path, ASKED[:1], draws=1, size=SIZE)
    text = file_of(tmp_path, "default", ASKED[0].study).read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=lambda name: pytest.fail(name))["code"]
