"""Data quality: where every row of every file went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.rules import Rules
from reports.numbers import date_text, words
from reports.sections.section import Section
from reports.wording import deliveries as due

if TYPE_CHECKING:
    from reports.model import Report


def view(report: Report) -> dict[str, Any]:
    """Rows by file and table, rows set aside by rule, columns left out, and checks."""
    data = report.reconciliation
    files = data.get("files", [])
    exact = report.project.disclosure == "public"
    rows = [_row(f, load, exact) for f in files for load in f["loads"]]
    return {
        "rows": rows,
        "files": len(files),
        "several": any(len(f["loads"]) > 1 for f in files),
        "unpivoted": any(load.get("lines_per_row", 1) > 1 for f in files for load in f["loads"]),
        "rows_in": _count(sum(f["rows_in"] for f in files), exact),
        "lost": sum(r["lost"] != 0 for r in rows),
        "rules": [rule for r in rows for rule in r["rules"]],
        "not_loaded": [
            {"file": f["file"], "columns": f["columns_not_loaded"]}
            for f in files
            if f["columns_not_loaded"]
        ],
        "read": [read for f in files if (read := _read(f, exact))["notes"]],
        "drift": [drift for f in files for drift in f.get("drift", [])],
        "skipped": [*data.get("skipped", []), *data.get("refused", [])],
        "remarks": data.get("remarks", []),
        "due": _due(data.get("freshness", [])),
        "checks": [_check(c, exact) for c in data.get("checks", [])],
        "exact": exact,
    }


def _due(sources: list[dict[str, Any]]) -> dict[str, Any]:
    """Sources that say when their files are due, and how that came; empty where none does."""
    rows = [
        {
            "source": row["source"],
            "expected": row["expected"],
            "due": date_text(row["due_on"]) if row["due_on"] else "",
            "last": date_text(row["last_delivery"]) if row["last_delivery"] else "",
            "state": due.state_of(row),
            "objects": row["state"] in due.OBJECTIONS,
            "consequence": due.consequence_of(row),
        }
        for row in sources
        if row["expected"]
    ]
    return {"title": due.EXPECTED, "rows": rows} if rows else {}


def _row(file: dict[str, Any], load: dict[str, Any], exact: bool) -> dict[str, Any]:
    excluded = sum(load["excluded"].values())
    # Where columns became lines, each row of the file is several lines.
    rows_in = file["rows_in"] * load.get("lines_per_row", 1)
    kept = load["loaded"] + load["quarantined"] + load["duplicates"] + excluded
    return {
        "file": file["file"],
        "table": words(load["table"]),
        "delivered": date_text(str(file["delivered_on"])),
        "counts": [
            _count(n, exact)
            for n in (
                rows_in,
                load["loaded"],
                load["quarantined"],
                excluded,
                load["duplicates"],
            )
        ],
        "lost": rows_in - kept,
        "rules": _rules(file["file"], load, exact),
    }


def _read(file: dict[str, Any], exact: bool) -> dict[str, Any]:
    """How a file was read; lines that are not data are nobody's, all others are rounded."""
    apart = [f"{kind}: {n:,}" for kind, n in file.get("not_data", {}).items()]
    counted = [f"{kind}: {_count(n, exact)}" for kind, n in file.get("counted", {}).items()]
    return {"file": file["file"], "notes": [*file.get("notes", []), *apart, *counted]}


def _count(rows: int, exact: bool) -> str:
    """Rows of a file; many files have one line a person, so their lines are rounded like people."""
    return Rules(mode="public" if exact else "protected").text(rows)


def _check(check: dict[str, Any], exact: bool) -> dict[str, Any]:
    """A check with its rows, and what they are about, rounded like people."""
    named = [f"{name}: {_count(n, exact)}" for name, n in check.get("named", {}).items()]
    about = f" ({', '.join(named)})" if named else ""
    described = f"{check.get('description') or check['name']}{about}"
    return {**check, "rows": _count(check["rows"], exact), "description": described}


def _rules(file: str, load: dict[str, Any], exact: bool) -> list[dict[str, str]]:
    kinds = (
        ("quarantined", "quarantine_rules"),
        ("left out as declared", "excluded"),
        ("loaded, this cell left empty", "blanked"),
    )
    return [
        {
            "file": file,
            "table": words(load["table"]),
            "kind": kind,
            "rule": rule,
            "rows": _count(n, exact),
        }
        for kind, key in kinds
        for rule, n in sorted(load.get(key, {}).items())
        if n
    ]


SECTION = Section(
    id="data_quality",
    nav="Data quality",
    title="Data quality",
    intro="No row is lost: rows in = loaded + quarantined + left out by a named rule + exact "
    "duplicates. The sum is checked exactly for every file before anything is built.",
    view=view,
)
