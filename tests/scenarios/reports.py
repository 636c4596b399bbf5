"""Renders the report of drawn companies and reads it as a stranger would: 20 draws a scenario.

    python -m tests.scenarios.reports --draws 20 [--scenario NAME]

Keeps a row a draw in reports.csv: sentences of tests/disclosed.py that the artifacts break, and of
the studies withheld how many have no number in them. That is so where other numbers in their place
leave page and findings as they are, byte by byte.
"""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from analysis.disclosure import release
from analysis.estimate import Estimate
from analysis.finding import Finding
from analysis.rules import Rules
from reports.build import findings_json, render_html
from tests.disclosed import breaches
from tests.report_cases import report
from tests.scenarios.draw import MIN_GROUP, findings_of
from tests.scenarios.questions import SCENARIOS, asked_of
from tests.scenarios.run import FIRST_SEED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.curve import Curve
    from analysis.estimate import Result

KEPT = Path(__file__).with_name("reports.csv")
COLUMNS = ("scenario", "seed", "studies", "breaches", "withheld", "without_number")
_RULES = Rules(mode="protected", min_group=MIN_GROUP)


def read_report(scenario: str, *, size: int, seed: int) -> dict[str, object]:
    """One row: the report of all studies that the scenario touches."""
    studies = [asked.study for asked in asked_of(scenario)]
    answers = findings_of(scenario, studies, size=size, seed=seed)
    found = [finding for _, finding, _ in answers if isinstance(finding, Finding)]
    html, text = _artifacts(found)
    withheld = [f for f in found if f.grade == "Withheld"]
    return {
        "scenario": scenario, "seed": seed, "studies": len(found),
        "breaches": len(breaches(json.loads(text), html)), "withheld": len(withheld),
        "without_number": sum(_artifacts([f]) == _artifacts([moved(f)]) for f in withheld),
    }  # fmt: skip


def _artifacts(found: Sequence[Finding]) -> tuple[str, str]:
    releases, _ = release(list(found), _RULES)
    made = report(releases)
    return render_html(made), findings_json(made)


def moved(finding: Finding) -> Finding:
    """The finding with other numbers in all its estimates and curves, and the same checks."""
    return replace(
        finding,
        estimates=tuple(_moved_figure(e) for e in finding.estimates),
        curves=tuple(_moved_curve(c) for c in finding.curves),
    )


def _moved_figure(result: Result) -> Result:
    if not isinstance(result, Estimate):
        return result
    far = 0.37 * result.std_error
    return replace(
        result, estimate=result.estimate + far, ci_low=result.ci_low + far,
        ci_high=result.ci_high + far, std_error=1.07 * result.std_error,
        p_value=None if result.p_value is None else 0.9 * result.p_value,
    )  # fmt: skip


def _moved_curve(curve: Curve) -> Curve:
    points = tuple(
        replace(p, share=0.9 * p.share, ci_low=0.9 * p.ci_low, ci_high=0.9 * p.ci_high)
        for p in curve.points
    )
    return replace(curve, points=points)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenario", action="append", help="all where not given")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--size", type=int, default=20_000)
    given = parser.parse_args()
    known = KEPT.read_text(encoding="utf-8").splitlines()[1:] if KEPT.exists() else []
    done = {tuple(line.split(",")[:2]) for line in known}
    with KEPT.open("a", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if not known:
            rows.writeheader()
        for scenario in given.scenario or SCENARIOS:
            for seed in range(FIRST_SEED, FIRST_SEED + given.draws):
                if (scenario, str(seed)) not in done:
                    with threadpool_limits(1):
                        rows.writerow(read_report(scenario, size=given.size, seed=seed))
                    file.flush()


if __name__ == "__main__":
    main()
