"""The report of a run: one HTML file that opens offline, and the same findings as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from reports.changes import as_plain, changes
from reports.model import ProjectNote, Report
from reports.names import short_run
from reports.numbers import date_text, escaped, finite, plain
from reports.page import TEMPLATES, css_string, environment, policy, read
from reports.sections import ANSWER, SECTIONS
from reports.standing import standing_of

if TYPE_CHECKING:
    from analysis.diagnostics.limits import UsedLimit
    from analysis.disclosure import Release, ReleasedDiagnostic, ReleasedEstimate

__all__ = ["ProjectNote", "Report", "findings_json", "render_html"]

STYLES = (
    "base", "answer", "sections", "charts", "tables", "shelf", "narrow", "balance", "money",
    "print", "changes",
)  # fmt: skip
SCRIPTS = ("vendor/plotly-basic.min.js", "js/charts.js")
_ROLES = {"headline": 0, "secondary": 1, "naive": 2, "association": 3}


def render_html(report: Report) -> str:
    """The whole report as one HTML document that loads nothing."""
    views: list[dict[str, Any]] = [{"section": s, "view": s.view(report)} for s in SECTIONS]
    sections = [s for s in views if not s["view"].get("nothing_to_say")]
    scripts = _scripts() if any(s["view"].get("needs_script") for s in sections) else ()
    page = environment().get_template("report.html.j2")
    return page.render(
        report=report,
        answer=ANSWER.view(report),
        sections=sections,
        style=read("css", STYLES, ".css"),
        scripts=scripts,
        policy=policy(scripts),
        run=short_run(report.manifest.run),
        as_known_at=date_text(report.manifest.as_known_at),
        page_foot=css_string(_foot(report)),
    )


def findings_json(report: Report) -> str:
    """The findings as a JSON list, in an order that does not change between equal runs."""
    run = report.manifest
    hashes = {"run": run.run, "code": run.code_hash, "inputs": run.inputs_hash()}
    drawn = {c.study: c.as_dict() for c in report.calibrations}
    money = _money(report)
    then = _previous(report)
    found = [
        {
            **_finding(r, hashes),
            "code_version": run.code_version,
            "calibration": drawn.get(r.study),
            "money": money.get(r.study),
            "previous": then.get(r.study),
            **({"standing": s.as_dict()} if (s := standing_of(report, r.study)) else {}),
        }
        for r in sorted(report.releases, key=lambda r: r.study)
    ]
    return escaped(json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)) + "\n"


def _money(report: Report) -> dict[str, dict[str, Any]]:
    """Each case at the first of its studies that was answered, so that nobody adds it up twice."""
    answered = {r.study for r in report.releases}
    made = {}
    for money in report.money:
        for study in [b.study for b in money.benefits if b.study in answered][:1]:
            made[study] = money.as_dict()
    return made


def _previous(report: Report) -> dict[str, dict[str, Any]]:
    """What the report before released of each study that it answered, and why that moved."""
    last = report.previous
    if last is None:
        return {}
    named = {"run": last.run, "as_known_at": last.as_known_at}
    return {c.study: {**named, **as_plain(c)} for c in changes(report)}


def _finding(release: Release, hashes: dict[str, str]) -> dict[str, Any]:
    ordered = sorted(release.estimates, key=_estimate_order)
    return {
        "study": release.study,
        "title": release.title,
        "question": release.question,
        "design": release.design,
        "outcome": release.outcome,
        "outcome_kind": release.outcome_kind,
        "outcome_metric": release.outcome_metric,
        "comparison": release.comparison,
        "grade": release.grade,
        "exploratory": release.exploratory,
        "reasons": list(release.reasons),
        "estimates": [_estimate(e) for e in ordered],
        "diagnostics": [_diagnostic(d) for d in release.diagnostics],
        "limits": [_limit(x) for x in release.limits],
        "balance": [asdict(b) for b in release.balances],
        "curves": [asdict(c) for c in release.curves],
        "interactions": [{**asdict(i), "levels": list(i.levels)} for i in release.interactions],
        "population": release.population,
        "registration": asdict(release.registration) if release.registration else None,
        "hashes": {"study": release.spec_hash, **hashes},
    }


def _estimate_order(e: ReleasedEstimate) -> tuple[Any, ...]:
    return _ROLES[e.role], e.name, e.arm, e.subgroup or "", e.window, e.estimator


def _estimate(e: ReleasedEstimate) -> dict[str, Any]:
    return {
        "name": e.name,
        "role": e.role,
        "estimand": e.estimand,
        "estimator": e.estimator,
        "arm": e.arm,
        "comparison": e.comparison,
        "subgroup": e.subgroup,
        "window": list(e.window),
        "estimate": finite(e.estimate),
        "std_error": finite(e.std_error),
        "ci_low": finite(e.ci_low),
        "ci_high": finite(e.ci_high),
        "p_value": finite(e.p_value),
        "n_people": e.n_people,
        "n_rows": e.n_rows,
        "unit": e.unit,
        "status": e.status,
        "reason": e.reason,
        "convention": e.convention,
    }


def _diagnostic(d: ReleasedDiagnostic) -> dict[str, Any]:
    return {
        "name": d.name,
        "label": d.label,
        "value": finite(d.value),
        "display": d.display,
        "threshold": d.threshold,
        "status": d.status,
        "remedy": d.remedy,
    }


def _limit(x: UsedLimit) -> dict[str, Any]:
    return {
        "name": x.name,
        "words": f"{x.words}: {x.does} {x.display}",
        "value": x.value,
        "default": x.default,
        "set_by": x.set_by,
        "looser_than_default": x.looser,
        "source_of_default": x.source,
    }


def _scripts() -> tuple[Markup, ...]:
    return tuple(Markup((TEMPLATES / name).read_text(encoding="utf-8")) for name in SCRIPTS)


def _foot(report: Report) -> str:
    """The line at the foot of each printed page."""
    run = report.manifest
    parts = [
        plain(report.project.title),
        f"mentoring report as known at {date_text(run.as_known_at)}",
        f"run {short_run(run.run)}",
    ]
    return " · ".join(parts)
