"""The size of a report with much to say. Time is measured by a benchmark, not by a test."""

from __future__ import annotations

from dataclasses import replace

from reports.build import render_html
from tests.report_cases import PROJECT, report
from tests.rich_cases import many
from tests.shelf_cases import SHELF

MOST = 3_000_000  # bytes of report.html with ten studies, each with something in every section


def test_ten_rich_studies_stay_under_three_megabytes() -> None:
    """The size rests on studies, groups and months, and not on the number of people."""
    project = replace(PROJECT, disclosure="protected")
    html = render_html(report(many(10), project=project, shelf=SHELF))
    assert 1_500_000 < len(html.encode()) < MOST
