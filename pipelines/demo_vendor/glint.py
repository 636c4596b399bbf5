"""Glint-like survey files, one a wave until 2024: four columns a question, comments not loaded.

How a loader recovers the canonical layer
- *survey response*: the employee number of the day stands in `Email`; `Survey Cycle Title` is the
  wave; each question's own column is the answer (its three companions are not declared); the
  day is that of `Survey Cycle Completion Date` (DD-MM-YYYY HH:MM). Rows whose `Latest Response`
  is FALSE are superseded. Invited people without an answer have no row.

What is lost: wave 2, delivered as averages of units, small ones suppressed; the engagement score
beyond three decimals; who was invited.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from analysis.synthetic.items import INSTRUMENTS
from pipelines.demo_vendor.files import Mark, Row, write_csv
from pipelines.demo_vendor.waves import (
    AGGREGATE,
    GLINT_WAVES,
    ITEMS,
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

RENAMED, NEGATIVE = 6, 5
SUPPRESSED = 14
DATE, DATE_LATER = "Survey Cycle Completion Date", "Completion Date"
HEAD = (
    "First Name", "Last Name", "Email", "Status", "Survey Cycle Title", "Latest Response", DATE,
)  # fmt: skip
_COMPANIONS = ("_COMMENT", "_COMMENT_TOPICS", "_SENSITIVE_COMMENT_FLAG")
HEADER = (*HEAD, *(q + tail for q in QUESTIONS for tail in ("", *_COMPANIONS)))
AT = {name: place for place, name in enumerate(HEADER)}
_COMMENTS = ("", "", "", 'I like it, "mostly"', "More time please,\nand a better chair", "Ask me")
_KEPT = 8  # answers left in a response with too few


@dataclass(slots=True)
class GlintPlan:
    """Defects by person and wave; people who answer after their exit by wave."""

    met: dict[tuple[str, int], tuple[str, float]] = field(default_factory=dict)
    gone: list[tuple[str, int]] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    planted: bool = False


def title(wave: int) -> str:
    """Name of a survey cycle."""
    return f"Pulse {2022 + (wave - 1) // 2} H{1 + (wave - 1) % 2}"


def plan_glint(canon: Canon, chooser: Chooser) -> GlintPlan:
    """What this delivery gets, drawn in a fixed order."""
    plan = GlintPlan(planted=chooser.planted)
    if not chooser.planted:
        return plan
    waves: dict[str, list[int]] = {}
    for row in canon.tables["survey"]:
        if row["answered_on"] and row["wave"] in GLINT_WAVES:
            waves.setdefault(row["person_id"], []).append(row["wave"])
    once = [e for e in canon.employments if len(canon.of_person[e.person]) == 1]
    answered = [e for e in once if e.person in waves]
    for name in ("score_out_of_range", "superseded_response", "few_items"):
        for t in chooser.pick(name, answered):
            own = waves[t.employment.person]
            plan.met[t.employment.person, own[int(t.u[0] * len(own))]] = name, t.u[1]
    last = sent_on(GLINT_WAVES[-1])
    left = [
        e for e in once
        if not e.acquired and e.exit and dt.date(2022, 2, 1) < e.exit.entered < last
        and e.exit.last_day + dt.timedelta(days=30) < last
    ]  # fmt: skip
    for t in chooser.pick("answered_after_exit", left):
        assert t.employment.exit
        gone = t.employment.exit.last_day
        later = [w for w in GLINT_WAVES[1:] if sent_on(w) > gone + dt.timedelta(days=30)]
        plan.gone.append((t.employment.person, later[int(t.u[0] * len(later))]))
    u = chooser.uniforms("unknown_respondent")
    several = chooser.count("unknown_respondent")
    plan.unknown = [GLINT_WAVES[int(u[n, 0] * len(GLINT_WAVES))] for n in range(several)]
    return plan


def write(canon: Canon, plan: GlintPlan, folder: Path, manifest: Manifest) -> None:
    """Five waves by person and one as averages."""
    by_wave = answers_by_wave(canon)
    _write_averages(canon, by_wave[AGGREGATE], folder)
    minutes = canon.streams.monthly("vendor.glint.minute", 0, canon.total)
    for wave in GLINT_WAVES:
        rows = []
        for answer in by_wave[wave]:
            at = int(minutes[int(answer["person_id"]) - 101, wave] * 600)
            row = Row(_cells(canon, answer, wave, at))
            rows.extend(_planted(row, answer, plan.met.get((answer["person_id"], wave))))
        rows.extend(_strangers(canon, plan, wave))
        renamed = plan.planted and wave == RENAMED
        header = [DATE_LATER if renamed and name == DATE else name for name in HEADER]
        path = folder / f"glint_wave_{delivered(wave)}.csv"
        if plan.planted and wave == NEGATIVE:
            manifest.add(path.name, 0, Mark("negative_item", "tis_5"))
        if renamed:
            manifest.add(path.name, 1, Mark("header_drift", f"{DATE} -> {DATE_LATER}"))
        write_csv(path, [header], rows, manifest)


def _cells(canon: Canon, answer: dict[str, Any], wave: int, minute: int) -> list[str]:
    person, day = answer["person_id"], answer["answered_on"]
    first, last = canon.names[person]
    clock = f"{day:%d-%m-%Y} {8 + minute // 60:02d}:{minute % 60:02d}"
    cells = [first, last, canon.number(person, day), "ACTIVE", title(wave), "TRUE", clock]
    for place, question in enumerate(QUESTIONS):
        comment = _COMMENTS[minute % 6] if place == minute % len(QUESTIONS) else ""
        flag = "FALSE" if comment else ""
        cells += [printed(question, answer[question]), comment, "Workload" if comment else "", flag]
    return cells


def _planted(row: Row, answer: dict[str, Any], met: tuple[str, float] | None) -> list[Row]:
    """The row, or rows, of one response."""
    if met is None:
        return [row]
    (defect, u), person = met, answer["person_id"]
    if defect == "score_out_of_range":
        item = ITEMS[int(u * 6)]
        row.cells[AT[item]] = "11"
        row.marks.append(Mark(defect, f"{item} of {person}", lost(answer, [item])))
    elif defect == "few_items":
        gone = blanked(answer)
        for question in gone:
            row.cells[AT[question]] = ""
        row.marks.append(Mark(defect, person, lost(answer, gone)))
    else:
        first = Row(list(row.cells), [Mark(defect, person)])
        day = answer["answered_on"] - dt.timedelta(days=2)
        first.cells[AT["Latest Response"]] = "FALSE"
        first.cells[AT[DATE]] = f"{day:%d-%m-%Y} 07:55"
        first.cells[AT["tis_1"]] = "1" if first.cells[AT["tis_1"]] != "1" else "2"
        return [first, row]
    return [row]


def blanked(answer: dict[str, Any]) -> list[str]:
    """Questions left empty in a response with too few: all answered ones but the first eight."""
    return [q for q in QUESTIONS if answer[q] is not None][_KEPT:]


def _strangers(canon: Canon, plan: GlintPlan, wave: int) -> list[Row]:
    """Responses of people who have left, and of numbers never issued."""
    found = []
    day = sent_on(wave) + dt.timedelta(days=5)
    for person, at in plan.gone:
        if at == wave:
            mark = Mark("answered_after_exit", person)
            number = canon.number(person, day)
            found.append(Row(_flat(*canon.names[person], number, wave, day), [mark]))
    for n, at in enumerate(plan.unknown):
        if at == wave:
            mark = Mark("unknown_respondent", f"{910001 + n}")
            found.append(Row(_flat("Guest", f"Number {n + 1}", f"{910001 + n}", wave, day), [mark]))
    return found


def _flat(first: str, last: str, number: str, wave: int, day: dt.date) -> list[str]:
    """A response of 3 to every question of everybody."""
    cells = [first, last, number, "ACTIVE", title(wave), "TRUE", f"{day:%d-%m-%Y} 12:00"]
    for question in QUESTIONS:
        value = "" if question.startswith("mfq") else "3"
        value = {"engagement": "0.000", "informal_mentor": "No"}.get(question, value)
        cells += [value, "", "", ""]
    return cells


def _write_averages(canon: Canon, answers: list[dict[str, Any]], folder: Path) -> None:
    """Averages by unit and question; the fourteen cells with the fewest answers are suppressed."""
    units: dict[str, list[dict[str, Any]]] = {}
    for row in answers:
        spell = canon.employed(row["person_id"], row["answered_on"])
        job = canon.job_at(spell, row["answered_on"])
        units.setdefault(f"{canon.units[job.unit]}, {job.site}", []).append(row)
    cells = {
        (unit, q): [r[q] for r in rows if r[q] is not None]
        for unit, rows in sorted(units.items())
        for q in ITEMS[: -INSTRUMENTS[-1].items]
    }
    small = set(sorted(cells, key=lambda c: (len(cells[c]), c))[:SUPPRESSED])
    lines = [["Unit", "Question", "Responses", "Average"]]
    for (unit, q), values in cells.items():
        average = f"{sum(values) / max(1, len(values)):.2f}"
        shown = ["*", "*"] if (unit, q) in small else [str(len(values)), average]
        lines.append([unit, q, *shown])
    from pipelines.demo_vendor.manifest import Manifest

    path = folder / f"glint_averages_{delivered(AGGREGATE)}.csv"
    write_csv(path, lines, [], Manifest())
