"""Rows of the ``results`` schema: what was released, for people who ask with SQL."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from pipelines.results_money import rows_of
from reports.changes import as_plain
from reports.literature import on_shelf
from reports.wording.answers import answer
from reports.wording.changes import reasons
from reports.wording.literature import citation
from reports.wording.standing import held_back

if TYPE_CHECKING:
    from analysis.calibration.summary import Calibration
    from analysis.disclosure import Release
    from analysis.literature import Shelf
    from analysis.manifest import RunManifest
    from analysis.money.value import Money
    from reports.changes import Change
    from reports.literature import Found
    from reports.previous import Previous
    from reports.standing import Standing

Rows = list[dict[str, Any]]


def tables(
    releases: tuple[Release, ...],
    manifest: RunManifest,
    calibrations: tuple[Calibration, ...] = (),
    shelf: Shelf = (),
    money: tuple[Money, ...] = (),
    changes: tuple[Change, ...] = (),
    previous: Previous | None = None,
    freshness: Rows | None = None,
    standings: tuple[Standing, ...] = (),
) -> dict[str, Rows]:
    """Rows of results.runs, studies, findings, estimates, diagnostics, balance, overlap, curves,
    interactions, calibration, literature, money, changes and freshness.
    """
    return {
        "runs": [_run(manifest)],
        "studies": [_study(r) for r in releases],
        "findings": [_finding(r, manifest.run, standings) for r in releases],
        "estimates": [row for r in releases for row in _estimates(r)],
        "diagnostics": [row for r in releases for row in _diagnostics(r)],
        "balance": [row for r in releases for row in _balance(r)],
        "overlap": [row for r in releases for row in _overlap(r)],
        "curves": [row for r in releases for row in _curves(r)],
        "interactions": [row for r in releases for row in _interactions(r)],
        "calibration": [row for c in calibrations for row in _calibration(c)],
        "literature": [_literature(found) for found in on_shelf(shelf)],
        "money": [row for m in money for row in rows_of(m)],
        "changes": [_change(c, previous) for c in changes if previous],
        "freshness": [_freshness(row) for row in freshness or ()],
    }


def _freshness(row: dict[str, Any]) -> dict[str, Any]:
    days = {
        name: date.fromisoformat(row[name]) for name in ("due_on", "last_delivery") if row[name]
    }
    empty = {"expected": row["expected"] or None, "missed": ", ".join(row["missed"]) or None}
    return {**row, "due_on": None, "last_delivery": None, **days, **empty}


def _run(manifest: RunManifest) -> dict[str, Any]:
    return {
        "run": manifest.run,
        "project": manifest.project,
        "as_known_at": manifest.as_known_at or None,
        "code_version": manifest.code_version,
        "code_hash": manifest.code_hash,
        "exact_rows": manifest.exact_rows,
        "inputs_hash": manifest.inputs_hash(),
    }


def _study(item: Release) -> dict[str, Any]:
    return {
        "study": item.study,
        "spec_hash": item.spec_hash,
        **_registration(item),
        "question": item.question,
        "design": item.design,
        "outcome": item.outcome,
        "programme": item.programme,
    }


def _registration(item: Release) -> dict[str, Any]:
    known = item.registration
    if known is None:
        return {}
    changes = [f"{c.key}: {c.registered} -> {c.now}" for c in known.changes]
    return {
        "question_hash": known.question_hash,
        "registered_as": known.registered_as,
        "registered_hash": known.registered_hash,
        "registered_on": known.registered_on,
        "first_run": known.first_run,
        "changes": "; ".join(changes) or None,
        "amended": known.amended or None,
    }


def _finding(item: Release, run: str, standings: tuple[Standing, ...]) -> dict[str, Any]:
    words = answer(item)
    held = next((s for s in standings if s.study == item.study), None)
    return {
        "study": item.study,
        "question": item.question,
        "design": item.design,
        "grade": item.grade,
        "exploratory": item.exploratory,
        "standing": held.verdict if held else "fresh",
        "first_shown_in": run if held is None or held.verdict == "fresh" else held.run or None,
        "not_renewed": held_back(held) if held else None,
        "population": item.population,
        "may_say": words.may_say,
        "do_not_say": words.do_not_say,
        "to_raise": words.to_raise,
    }


_ESTIMATE = (
    "name",
    "role",
    "estimand",
    "estimator",
    "arm",
    "comparison",
    "subgroup",
    "estimate",
    "std_error",
    "ci_low",
    "ci_high",
    "n_people",
    "n_rows",
    "unit",
    "status",
    "reason",
)


def _estimates(item: Release) -> Rows:
    return [
        {
            "study": item.study,
            **{name: getattr(e, name) for name in _ESTIMATE},
            "window_first": e.window[0],
            "window_last": e.window[1],
        }
        for e in item.estimates
    ]


def _diagnostics(item: Release) -> Rows:
    names = ("name", "label", "value", "display", "threshold", "status", "remedy")
    return [
        {"study": item.study, **{name: getattr(d, name) for name in names}}
        for d in item.diagnostics
    ]


def _balance(item: Release) -> Rows:
    """Lines of love plots; where there are none to show, one that says why."""
    rows: Rows = []
    for b in item.balances:
        base = {"study": item.study, "arm": b.arm, "comparison": b.comparison}
        if b.reason:
            rows.append({**base, "covariate": "all", "reason": b.reason})
        rows += [
            {**base, **asdict(line), "level": line.level or None, "difference_limit": b.limit}
            for line in b.rows
        ]
        rows += [{**base, "covariate": name, "reason": why} for name, why in b.left_out]
    return rows


def _overlap(item: Release) -> Rows:
    return [
        {
            "study": item.study,
            "arm": b.arm,
            "side": part.side,
            "score_from": part.low,
            "score_to": part.high,
            "share": part.share,
        }
        for b in item.balances
        for part in b.overlap
    ]


def _curves(item: Release) -> Rows:
    names = ("name", "label", "arm", "exit_kind", "n_people", "convention")
    return [
        {"study": item.study, **{name: getattr(curve, name) for name in names}, **asdict(point)}
        for curve in item.curves
        for point in curve.points
    ]


def _interactions(item: Release) -> Rows:
    names = ("variable", "arm", "family", "p_value", "p_holm", "p_bh", "verdict", "status",
             "reason")  # fmt: skip
    return [
        {
            "study": item.study,
            **{name: getattr(test, name) for name in names},
            "levels": ", ".join(test.levels),
        }
        for test in item.interactions
    ]


def _calibration(item: Calibration) -> Rows:
    base = {"study": item.study, "design": item.design}
    if not item.lines:
        return [{**base, "kind": "all", "programmes": 0, "reason": item.reason}]
    return [
        {
            **base,
            "kind": line.kind,
            "programmes": line.programmes,
            "claimed": line.claimed.value,
            "claimed_low": line.claimed.low,
            "claimed_high": line.claimed.high,
            "withheld": line.withheld.value,
            "ungated": line.ungated.value,
            "covered": line.covered.value,
            "naive": line.naive.value,
            "reason": line.reason,
        }
        for line in item.lines
    ]


def _literature(found: Found) -> dict[str, Any]:
    source, entry = found.source, found.entry
    low, high = entry.interval or (None, None)
    names = ("family", "outcome", "who", "finding", "estimate", "unit", "std_error",
             "n", "grade", "verified", "read_in", "caveat")  # fmt: skip
    return {
        "entry": entry.id,
        "authors": source.authors,
        "year": source.year,
        "title": source.title,
        "design": source.design,
        "setting": source.setting,
        **{name: getattr(entry, name) for name in names},
        "period": entry.window,
        "ci_low": low,
        "ci_high": high,
        "citation": citation(found),
    }


def _change(item: Change, last: Previous) -> dict[str, Any]:
    then = as_plain(item)
    return {
        "study": item.study,
        "previous_run": last.run,
        "previous_as_known_at": last.as_known_at or None,
        "change": then["change"],
        "previous_grade": then["grade"],
        "grade": item.now.grade if item.now else None,
        "previous_estimate": then["estimate"],
        "previous_ci_low": then["ci_low"],
        "previous_ci_high": then["ci_high"],
        "previous_unit": then["unit"],
        "causes": reasons(item.causes) or None,
    }
