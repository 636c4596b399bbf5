"""The index of runs: order by day and place, and nothing that is withheld now."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from reports.changes import figures
from reports.index import IndexedRun, render_index
from reports.previous import Earlier, earlier
from tests.report_cases import lottery, released

ROOT = Path(__file__).resolve().parents[2]
SALES = earlier(released(lottery())[0])  # +4.1 %, 1.2 to 7.1
HELD = replace(SALES, grade="Withheld", headline=replace(SALES.headline, status="withheld"))


def run(name: str, number: int, day: str, study: Earlier = SALES, **more: bool) -> IndexedRun:
    return IndexedRun(
        run=name, number=number, as_known_at=day, studies=(study,), files=("report.html",), **more
    )  # fmt: skip


def order(*runs: IndexedRun) -> list[str]:
    return re.findall(r'href="(\w+)/report.html"', render_index("Firm", runs))


def test_a_run_under_looser_rules_has_grades_alone() -> None:
    runs = (run("aa", 1, "2026-03-31", looser=True), run("bb", 2, "2026-04-30", in_force=True))
    page = render_index("Firm", runs)
    effect = figures(SALES).effect.split("\u202f")[0]
    assert page.count("no longer shown") == page.count(effect) == 1


def test_newest_day_first_and_of_one_day_the_run_published_last() -> None:
    runs = run("aa", 1, "2026-03-31"), run("bb", 2, "2026-03-31"), run("cc", 3, "2025-12-31")
    assert order(*runs) == order(*reversed(runs)) == ["bb", "aa", "cc"]


def test_a_row_has_grade_effect_and_interval() -> None:
    page = render_index("Firm", (run("aa", 1, "2026-03-31"),))
    assert "Credible" in page and "+4.1\u202f%" in page and "(1.2 to 7.1)" in page


def test_what_the_run_in_force_withholds_is_not_repeated_from_earlier_runs() -> None:
    runs = run("aa", 1, "2025-12-31"), run("bb", 2, "2026-03-31", HELD, in_force=True)
    page = render_index("Firm", runs)
    assert "4.1" not in page and "no longer shown" in page and 'href="aa/report.html"' in page


def test_page_one_and_index_are_the_same_bytes_in_any_process() -> None:
    code = (
        "import hashlib; from reports.build import findings_json, render_html; "
        "from reports.index import render_index; "
        "from tests.since_cases import changed_report as c, many_runs; "
        "text = render_html(c()) + findings_json(c()) + render_index('Firm', many_runs(30)); "
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LANG": "C"},
            cwd=ROOT, capture_output=True, check=True,
        ).stdout
        for seed, zone in (("1", "Asia/Tokyo"), ("2", "America/Lima"))
    }  # fmt: skip
    assert len(digests) == 1
