"""The survey whatever system asks it: its waves, their days, the questions, and who answered."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from analysis.synthetic.items import INSTRUMENTS

if TYPE_CHECKING:
    from pipelines.demo_vendor.canonical import Canon

ITEMS = tuple(f"{s.name}_{n + 1}" for s in INSTRUMENTS for n in range(s.items))
QUESTIONS = (*ITEMS, "engagement", "informal_mentor")
GLINT_WAVES = (1, 3, 4, 5, 6)
AGGREGATE = 2
QUALTRICS_WAVES = (7, 8)  # the company changed its survey system for 2025


def sent_on(wave: int) -> dt.date:
    """First day of a wave: the first of June or December."""
    return dt.date(2022 + (wave - 1) // 2, 12 if wave % 2 == 0 else 6, 1)


def delivered(wave: int) -> str:
    """The day of the export in the name of a file: the last of the wave's month."""
    day = sent_on(wave)
    return day.replace(day=30 if day.month == 6 else 31).isoformat()


def answers_by_wave(canon: Canon) -> dict[int, list[dict[str, Any]]]:
    """Responses of each wave in the order in which they came."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in canon.tables["survey"]:
        if row["answered_on"]:
            found.setdefault(row["wave"], []).append(row)
    return {
        w: sorted(r, key=lambda r: (r["answered_on"], r["person_id"])) for w, r in found.items()
    }


def lost(answer: dict[str, Any], questions: list[str]) -> tuple[str, ...]:
    """Canonical keys of questions whose answers a defect leaves out of a response."""
    return tuple(f"survey:{answer['person_id']}|{answer['wave']}|{q}" for q in questions)


def printed(question: str, value: Any) -> str:
    """An answer as files print it."""
    if value is None:
        return ""
    if question == "engagement":
        return f"{value:.3f}"
    return ("Yes" if value else "No") if question == "informal_mentor" else str(value)
