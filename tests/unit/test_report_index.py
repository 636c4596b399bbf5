"""The index of runs: order by day and place, and nothing that is withheld now."""

from __future__ import annotations

import re
from dataclasses import replace

from reports.changes import figures
from reports.index import IndexedRun, render_index
from reports.previous import Earlier, earlier
from tests.report_cases import lottery, released

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
