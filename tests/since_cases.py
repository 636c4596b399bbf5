"""Reports that follow another one, and an index of runs; every figure here is invented."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reports.index import IndexedRun
from reports.previous import Cause, Earlier, Previous, earlier
from tests.report_cases import company_report

if TYPE_CHECKING:
    from analysis.disclosure import Release
    from reports.model import Report

RUN = "a1b2c3d4e5f6"


def moved(study: Earlier, by: float, **more: str) -> Earlier:
    """The study as it was: its headline and both ends lower."""
    head = study.headline
    values = {k: getattr(head, k) - by for k in ("estimate", "ci_low", "ci_high")}
    return replace(study, headline=replace(head, **values), **more)


def _gone(release: Release) -> Earlier:
    return replace(earlier(release), study="onboarding", title="Onboarding buddies")


def changed_report() -> Report:
    """The company's report, two months after one in which every study stood otherwise."""
    made = company_report()
    sales, trial, held, few = (earlier(r) for r in made.releases)
    months, files = Cause(kind="months", months=2), Cause(kind="new_files")
    causes = {e.study: (months, files) for e in (sales, trial, held, few)}
    causes[trial.study] += (Cause(kind="corrected"),)
    last = Previous(
        run=RUN,
        as_known_at="2018-07-31",
        studies=(
            moved(sales, 0.6),
            moved(trial, -21.0, grade="Credible"),
            replace(held, grade="Suggestive", objections=()),
            few,
            _gone(made.releases[0]),
        ),
        causes=causes,
    )
    return replace(made, previous=last)


def many_runs(count: int = 200) -> tuple[IndexedRun, ...]:
    """A run a month of four studies, the last one in force."""
    studies = tuple(earlier(r) for r in company_report().releases)
    return tuple(
        IndexedRun(
            run=f"{n:012x}",
            number=n,
            as_known_at=f"{2010 + n // 12}-{n % 12 + 1:02d}-28",
            studies=tuple(moved(s, 0.1 * (n % 7)) if s.shows else s for s in studies),
            files=("report.html", "findings.json"),
            in_force=n == count - 1,
        )
        for n in range(count)
    )
