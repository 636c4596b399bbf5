"""What is said of files that were due: on time, late, not there, and as of when that leaves us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.numbers import date_text, many

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EXPECTED = "Deliveries that were due"
NOT_THERE = "not there"
OBJECTIONS = ("late", "missing")
NAMED = 6  # missed days that are named, the last ones; `results.freshness` has all


def state_of(row: Mapping[str, Any]) -> str:
    """The state of a source in a few words."""
    if row["state"] == "late":
        return f"came {many(row['days_late'], 'day')} late"
    return NOT_THERE if row["state"] == "missing" else str(row["state"])


def consequence_of(row: Mapping[str, Any]) -> str:
    """As of when what comes from the source is; empty where its last file is the one due."""
    parts = []
    if row["state"] == "missing":
        last = row["last_delivery"]
        parts.append(
            f"what comes from it is as of {date_text(last)}" if last else "nothing of it was read"
        )
    if row["missed"]:
        more = f" and {len(row['missed']) - NAMED} before" if len(row["missed"]) > NAMED else ""
        dates = ", ".join(map(date_text, row["missed"][-NAMED:]))
        parts.append(f"never came: due {dates}{more}")
    return "; ".join(parts)


def warnings(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each source that is late or missing, or has left out a delivery before."""
    lines = []
    for row in rows:
        if row["state"] in OBJECTIONS or row["missed"]:
            said = f"{row['source']}: due {date_text(row['due_on'])}, {state_of(row)}"
            lines.append("; ".join(part for part in (said, consequence_of(row)) if part))
    return lines
