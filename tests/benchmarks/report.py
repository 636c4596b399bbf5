"""Measures the report of ten studies after their estimation: seconds by artifact, and bytes.

    python tests/benchmarks/report.py --people 100000

Two drawn companies of that size answer the five studies of the demo company each, in memory; what
is timed begins with the releases, as the report stage does.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from analysis.disclosure import release
from analysis.finding import Finding
from analysis.rules import Rules
from pipelines.literature import read_shelf
from pipelines.results import tables
from reports.build import findings_json, render_html
from reports.changes import changes
from reports.workbook import workbook
from tests.report_cases import PROJECT, report
from tests.scenarios.draw import findings_of
from tests.scenarios.questions import DEMO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analysis.disclosure import Release

SEEDS = (1, 2)  # a company each
MOST_SECONDS, MOST_BYTES = 10, 3_000_000


def releases_of(people: int) -> tuple[Release, ...]:
    """The studies of both companies as they may be shown, each with a name of its own."""
    found = [
        replace(f, spec=f.spec.model_copy(update={"study": f"{study}-{seed}"}))
        for seed in SEEDS
        for study, f, _ in findings_of("default", DEMO, size=people, seed=seed)
        if isinstance(f, Finding)
    ]
    return release(found, Rules())[0]


def measured(releases: tuple[Release, ...]) -> Iterator[tuple[str, float, int]]:
    """Artifact, seconds and bytes (of the tables of results: rows)."""
    project = replace(PROJECT, title="Ten studies", disclosure="protected", sources_note="")
    made = report(releases, project=project, shelf=read_shelf(None))
    artifacts: dict[str, Callable[[], bytes]] = {
        "report.html": lambda: render_html(made).encode(),
        "findings.json": lambda: findings_json(made).encode(),
        "report.xlsx": lambda: workbook(made),
    }
    for name, make in artifacts.items():
        begun = time.perf_counter()
        content = make()
        yield name, time.perf_counter() - begun, len(content)
    begun = time.perf_counter()
    rows = tables(releases, made.manifest, (), made.shelf, made.money, changes(made), None)
    yield "tables of results", time.perf_counter() - begun, len(rows)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, default=100_000)
    given = parser.parse_args()
    releases = releases_of(given.people)
    shown = sum(r.headline.status == "released" for r in releases)
    print(f"{given.people:,} people a company, {len(releases)} studies, {shown} with an answer\n")
    print("| artifact | seconds | bytes |\n|---|--:|--:|")
    total = 0.0
    for name, seconds, size in measured(releases):
        total += seconds
        print(f"| {name} | {seconds:.2f} | {size if name.startswith('tables') else f'{size:,}'} |")
    print(f"\nall of it {total:.2f} s (meant: under {MOST_SECONDS}); ", end="")
    print(f"report.html meant: under {MOST_BYTES:,} bytes")


if __name__ == "__main__":
    main()
