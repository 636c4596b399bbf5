"""The report of a run: one HTML file that opens offline, and the same findings as JSON."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.model import ProjectNote, Report
from reports.numbers import date_text, plain
from reports.sections import ANSWER, SECTIONS

if TYPE_CHECKING:
    from analysis.diagnostics.limits import UsedLimit
    from analysis.disclosure import Release, ReleasedDiagnostic, ReleasedEstimate

__all__ = ["ProjectNote", "Report", "findings_json", "render_html"]

TEMPLATES = Path(__file__).resolve().parent / "templates"
STYLES = (
    "base", "answer", "sections", "charts", "tables", "shelf", "narrow", "balance", "money",
    "print",
)  # fmt: skip
SCRIPTS = ("vendor/plotly-basic.min.js", "js/charts.js")
_SHORT_RUN = 8
_ROLES = {"headline": 0, "secondary": 1, "naive": 2, "association": 3}


def render_html(report: Report) -> str:
    """The whole report as one HTML document that loads nothing."""
    views: list[dict[str, Any]] = [{"section": s, "view": s.view(report)} for s in SECTIONS]
    sections = [s for s in views if not s["view"].get("nothing_to_say")]
    scripts = _scripts() if any(s["view"].get("needs_script") for s in sections) else ()
    page = _environment().get_template("report.html.j2")
    return page.render(
        report=report,
        answer=ANSWER.view(report),
        sections=sections,
        style=_read("css", STYLES, ".css"),
        scripts=scripts,
        policy=_policy(scripts),
        run=report.manifest.run[:_SHORT_RUN],
        as_known_at=date_text(report.manifest.as_known_at),
        page_foot=_css_string(_foot(report)),
    )


def findings_json(report: Report) -> str:
    """The findings as a JSON list, in an order that does not change between equal runs."""
    run = report.manifest
    hashes = {"run": run.run, "code": run.code_hash, "inputs": run.inputs_hash()}
    drawn = {c.study: c.as_dict() for c in report.calibrations}
    money = _money(report)
    found = [
        {
            **_finding(r, hashes),
            "code_version": run.code_version,
            "calibration": drawn.get(r.study),
            "money": money.get(r.study),
        }
        for r in sorted(report.releases, key=lambda r: r.study)
    ]
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _money(report: Report) -> dict[str, dict[str, Any]]:
    """Each case at the first of its studies that was answered, so that nobody adds it up twice."""
    answered = {r.study for r in report.releases}
    made = {}
    for money in report.money:
        for study in [b.study for b in money.benefits if b.study in answered][:1]:
            made[study] = money.as_dict()
    return made


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
        "estimate": _finite(e.estimate),
        "std_error": _finite(e.std_error),
        "ci_low": _finite(e.ci_low),
        "ci_high": _finite(e.ci_high),
        "p_value": _finite(e.p_value),
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
        "value": _finite(d.value),
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


def _finite(value: float | None) -> float | None:
    """JSON knows neither NaN nor infinity."""
    return value if value is not None and math.isfinite(value) else None


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,  # every template, whatever its name ends in
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _printed(value: object) -> object:
    """Text loses characters that would reorder or hide what stands around it."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return plain(value)
    return value


def _scripts() -> tuple[Markup, ...]:
    return tuple(Markup((TEMPLATES / name).read_text(encoding="utf-8")) for name in SCRIPTS)


def _policy(scripts: tuple[Markup, ...]) -> str:
    """The content security policy: nothing is loaded, only the scripts in the file may run."""
    rules = ["default-src 'none'", "style-src 'unsafe-inline'", "base-uri 'none'"]
    if scripts:
        digests = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts)
        rules.append("script-src " + " ".join(f"'sha256-{d}'" for d in digests))
    return "; ".join([*rules, "form-action 'none'"])


def _foot(report: Report) -> str:
    """The line at the foot of each printed page."""
    run = report.manifest
    parts = [
        plain(report.project.title),
        f"mentoring report as known at {date_text(run.as_known_at)}",
        f"run {run.run[:_SHORT_RUN]}",
    ]
    return " · ".join(parts)


def _css_string(text: str) -> Markup:
    """A quoted CSS string in which no character can end the string or the style element."""
    safe = (c if c.isascii() and (c.isalnum() or c in " .,-") else f"\\{ord(c):x} " for c in text)
    return Markup('"' + "".join(safe) + '"')


def _read(folder: str, names: tuple[str, ...], ending: str) -> Markup:
    texts = ((TEMPLATES / folder / f"{n}{ending}").read_text(encoding="utf-8") for n in names)
    return Markup("\n".join(texts))
