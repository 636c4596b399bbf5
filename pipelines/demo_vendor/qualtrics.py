"""Qualtrics-like survey files, one a wave from 2025: three header rows, then numeric codes.

How a loader recovers the canonical layer
- *survey response*: `ExternalReference` is the employee number of the day; the embedded `wave`;
  each question's own column is the answer, as a code (yes and no are 21 and 22: the choices were
  once copied); the day is that of `EndDate`, since what was broken off is recorded a week later.
  `Finished` 0 is such a partial response. `Status` 1 is a preview and nobody's answer.

What is lost: the engagement score beyond three decimals; who was invited.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from analysis.synthetic.items import INSTRUMENTS
from pipelines.demo_vendor.canonical import FIRST_ID
from pipelines.demo_vendor.files import Mark, Row, write_csv
from pipelines.demo_vendor.waves import (
    QUALTRICS_WAVES,
    QUESTIONS,
    answers_by_wave,
    delivered,
    lost,
    printed,
    sent_on,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.demo_vendor.canonical import Canon
    from pipelines.demo_vendor.defects import Chooser
    from pipelines.demo_vendor.manifest import Manifest

_SYSTEM = (
    ("StartDate", "Start Date", "startDate"),
    ("EndDate", "End Date", "endDate"),
    ("Status", "Response Type", "status"),
    ("IPAddress", "IP Address", "ipAddress"),
    ("Progress", "Progress", "progress"),
    ("Duration (in seconds)", "Duration (in seconds)", "duration"),
    ("Finished", "Finished", "finished"),
    ("RecordedDate", "Recorded Date", "recordedDate"),
    ("ResponseId", "Response ID", "_recordId"),
    ("RecipientLastName", "Recipient Last Name", "recipientLastName"),
    ("RecipientFirstName", "Recipient First Name", "recipientFirstName"),
    ("RecipientEmail", "Recipient Email", "recipientEmail"),
    ("ExternalReference", "External Data Reference", "externalDataReference"),
    ("LocationLatitude", "Location Latitude", "locationLatitude"),
    ("LocationLongitude", "Location Longitude", "locationLongitude"),
    ("DistributionChannel", "Distribution Channel", "distributionChannel"),
    ("UserLanguage", "User Language", "userLanguage"),
)
_STEMS = {
    "tis": "Think of the last nine months.\nHow often, or how much, does this hold for you?",
    "value_congruence": 'How far do you agree? ("Here" means the company, not your team.)',
    "knowledge": "How well do you know this part of your work?",
    "mfq": "Only if you have a mentor:\nhow far do you agree that your mentor does this?",
}
_SCALES = tuple(
    (f"{scale.name}_{n}", f"{_STEMS[scale.name]} - Statement {n}", f"QID{nth}_{n}")
    for nth, scale in enumerate(INSTRUMENTS, start=1)
    for n in range(1, scale.items + 1)
)
_LAST = (
    ("informal_mentor", "Does anybody here advise you, without a programme?", "QID5"),
    ("comments", "What else should we know?", "QID6_TEXT"),
    ("engagement", "engagement", "engagement"),  # embedded data have no text but their name
    ("wave", "wave", "wave"),
)
COLUMNS = (*_SYSTEM, *_SCALES, *_LAST)  # name, text, import id: the three header rows
_COMMENTS = ("", "", "", 'Fine, "on the whole"', "Fewer surveys, please,\nand an answer", "Nothing")
_CODES = {"Yes": "21", "No": "22"}
_KEPT = 12  # questions answered before breaking off: few, yet two thirds of everybody's
_CLOSED_AFTER = dt.timedelta(days=7)


@dataclass(slots=True)
class QualtricsPlan:
    """Responses that are broken off, by person and wave; waves in which somebody looked first."""

    unfinished: set[tuple[str, int]] = field(default_factory=set)
    previews: list[int] = field(default_factory=list)


def plan_qualtrics(canon: Canon, chooser: Chooser) -> QualtricsPlan:
    """What this delivery gets, drawn in a fixed order."""
    waves: dict[str, list[int]] = {}
    for row in canon.tables["survey"]:
        if row["answered_on"] and row["wave"] in QUALTRICS_WAVES:
            waves.setdefault(row["person_id"], []).append(row["wave"])
    plan = QualtricsPlan()
    answered = [e for e in canon.employments if e.person in waves]
    for t in chooser.pick("unfinished_response", answered):
        own = waves[t.employment.person]
        plan.unfinished.add((t.employment.person, own[int(t.u[0] * len(own))]))
    u = chooser.uniforms("preview_response")
    several = chooser.count("preview_response")
    plan.previews = [QUALTRICS_WAVES[int(u[n, 0] * len(QUALTRICS_WAVES))] for n in range(several)]
    return plan


def unanswered(answer: dict[str, Any]) -> list[str]:
    """Answered questions below the place where a response was broken off."""
    return [q for q in QUESTIONS[_KEPT:] if answer[q] is not None]


def write(canon: Canon, plan: QualtricsPlan, folder: Path, manifest: Manifest) -> None:
    """A file a wave; the previews, which came before everybody, on top."""
    names, texts, ids = zip(*COLUMNS, strict=True)
    header = [names, texts, [_import_id(name) for name in ids]]
    by_wave = answers_by_wave(canon)
    draws = canon.streams.monthly("vendor.qualtrics.answer", 0, canon.total)
    for wave in QUALTRICS_WAVES:
        rows = [
            Row(_ordered(_preview(wave, nth)), [Mark("preview_response", f"wave {wave}")])
            for nth, at in enumerate(plan.previews)
            if at == wave
        ]
        for answer in by_wave[wave]:
            person = answer["person_id"]
            cells = _cells(canon, answer, float(draws[int(person) - FIRST_ID, wave]))
            if (person, wave) in plan.unfinished:
                gone = unanswered(answer)
                cells |= _broken_off(answer["answered_on"], gone)
                marks = [Mark("unfinished_response", person, lost(answer, gone))]
                rows.append(Row(_ordered(cells), marks))
            else:
                rows.append(Row(_ordered(cells)))
        path = folder / f"qualtrics_pulse_{delivered(wave)}.csv"
        write_csv(path, header, rows, manifest, encoding="utf-8-sig")


def _import_id(name: str) -> str:
    zone = {"timeZone": "Europe/Berlin"} if name.endswith("Date") else {}
    return json.dumps({"ImportId": name, **zone}, separators=(",", ":"))


def _ordered(cells: dict[str, str]) -> list[str]:
    return [cells.get(name, "") for name, _, _ in COLUMNS]


def _visit(end: dt.datetime, seconds: int, u: float) -> dict[str, str]:
    """What the system notes of anybody who opens the survey."""
    return {
        "StartDate": str(end - dt.timedelta(seconds=seconds)), "EndDate": str(end), "Status": "0",
        "IPAddress": f"198.51.100.{int(u * 254) + 1}", "Progress": "100",
        "Duration (in seconds)": str(seconds), "Finished": "1",
        "RecordedDate": str(end + dt.timedelta(seconds=1)), "ResponseId": f"R_{int(u * 1e15):015d}",
        "LocationLatitude": "50.1109", "LocationLongitude": "8.6821", "UserLanguage": "EN",
    }  # fmt: skip


def _cells(canon: Canon, answer: dict[str, Any], u: float) -> dict[str, str]:
    """A response that was sent off."""
    person, day, minute = answer["person_id"], answer["answered_on"], int(u * 600)
    first, last = canon.names[person]
    end = dt.datetime.combine(day, dt.time(8)) + dt.timedelta(minutes=minute, seconds=minute % 60)
    printed_answers = {q: printed(q, answer[q]) for q in QUESTIONS}
    return _visit(end, 240 + minute, u) | {
        "RecipientLastName": last, "RecipientFirstName": first,
        "RecipientEmail": canon.mail(person), "ExternalReference": canon.number(person, day),
        "DistributionChannel": "email", "comments": _COMMENTS[minute % 6],
        "wave": str(answer["wave"]),
    } | {q: _CODES.get(text, text) for q, text in printed_answers.items()}  # fmt: skip


def _broken_off(day: dt.date, gone: list[str]) -> dict[str, str]:
    """What differs in a response that nobody sent off: the system closes it after a week."""
    closed = dt.datetime.combine(day + _CLOSED_AFTER, dt.time(20))
    system = {"Progress": "45", "Finished": "0", "RecordedDate": str(closed), "comments": ""}
    return system | dict.fromkeys(gone, "")


def _preview(wave: int, nth: int) -> dict[str, str]:
    """A look at the survey before it is sent: answers that are nobody's."""
    end = dt.datetime.combine(sent_on(wave), dt.time(9, nth)) - dt.timedelta(days=1)
    answers = dict.fromkeys(QUESTIONS[:_KEPT], "1") | {"wave": str(wave)}
    return _visit(end, 60, 0.0) | {"Status": "1", "DistributionChannel": "preview"} | answers
