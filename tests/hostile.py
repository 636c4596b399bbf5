"""A small project with a hostile text in every field that takes one, from files to a finished run.

Every text begins as a formula, goes on with markup, and ends with a mark of its own (``q07q``).
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import yaml

from tests.flows.conftest import Firm

if TYPE_CHECKING:
    from pathlib import Path

FORMULAS = ("=1+1", "+cmd|' /C calc'!A0", "@SUM(1+1)", "-2+3", '=HYPERLINK("javascript:f()")')
MARKUP = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(2)>", '"><svg onload=alert(3)>',
    "</style><style>*{display:none}</style>", "{{7*7}}{% raw %}", "</script><script>alert(4)",
    "' onmouseover='alert(5)", "<!--", "]]>", "&lt;b&gt;", "<a href=javascript:alert(6)>x</a>",
)  # fmt: skip
TURNED = "\u202eesrever\u2066"  # text that turns the direction of what follows
HIDDEN = "zero\u200bwidth\ufeff"
CONTROL = "\x1b[31mred\x07\x08\x7f\x9b2J"  # colours and bells of a terminal
LONG = "Donaudampfschifffahrtsgesellschaft" * 9  # 306 letters without a place to break
PEOPLE = 240
MONTHS = 8


class Bad:
    """Makes hostile texts; ``made`` names the field of each mark."""

    def __init__(self) -> None:
        self.made: dict[str, str] = {}

    def __call__(self, field: str, *, control: bool = True, long: bool = False) -> str:
        n = len(self.made)
        mark = f"q{n:02d}q"
        self.made[mark] = field
        ends = [CONTROL] if control else []
        return " ".join(
            [
                FORMULAS[n % len(FORMULAS)], *MARKUP[n % 3 :: 3], TURNED, HIDDEN,
                "\U0001f469\u200d\U0001f680", *([LONG] if long else []), *ends, mark,
            ]
        )  # fmt: skip


def write_project(folder: Path) -> tuple[Firm, dict[str, str]]:
    """The project and its exports on disk, and the field of each mark."""
    bad = Bad()
    project, data = folder / "project", folder / "exports"
    for part in (project / "studies", project / "literature", data):
        part.mkdir(parents=True)
    # One line of text a name: controls and line ends are no part of names of columns and of values.
    names = {
        key: bad(key, control=False, long=key == "department 1")
        for key in ("mentee", "lost", "metric", "programme", "header", "attribute",
                    "department 0", "department 1", "department 2", "mapped")
    }  # fmt: skip
    _write_exports(data, names)
    _write(project / "mentorlift.yml", _settings(bad, names))
    _write(project / "studies" / "sales.yml", _sales(bad, names))
    _write(project / "studies" / "leaving.yml", _leaving(bad, names))
    _write(project / "literature" / "own.yml", _literature(bad))
    return Firm(project, data, folder / "out"), bad.made


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(value, allow_unicode=False, sort_keys=False, width=10**6))


def _settings(bad: Bad, names: dict[str, str]) -> dict[str, Any]:
    def source(name: str, file: str, table: str, **load: Any) -> dict[str, Any]:
        loads = [{"table": table, **load}]
        return {"name": name, "file": file, "delivered_on": "2025-12-31", "loads": loads}

    person = {"person_id": "employee"}
    programme = {"programme": names["programme"]}
    jobs = {**person, "valid_from": "since", "department": names["header"], "level": "level"}
    return {
        "project": "hostile", "title": bad("title", long=True), "purpose": bad("purpose"),
        "lawful_basis": bad("lawful_basis"), "note": bad("note"), "retention": {"months": 24},
        "programmes": [{"id": names["programme"], "name": bad("programme name")}],
        "sources": [
            source("funnel", "funnel.csv", "enrolments", constants=programme,
                   columns={**person, "arm": "result", "assigned_on": "drawn"}),
            source("workers", FILE, "employment",
                   columns={**person, "hired_on": "hired", "exited_on": "left",
                            "exit_kind": "kind"}),
            source("people", "people.csv", "people", columns=person,
                   attributes=[names["attribute"]]),
            source("jobs", "jobs.csv", "jobs", columns=jobs,
                   values={"department": {names["department 2"]: names["mapped"]}}),
            source("sales", "sales.csv", "performance", constants={"metric": names["metric"]},
                   columns={**person, "period": "month", "value": names["header"]},
                   formats={"period": "%Y-%m"}),
            source("meetings", "meetings.csv", "sessions", columns={**person, "held_on": "day"},
                   constants={**programme, "status": "confirmed"}),
        ],
    }  # fmt: skip


FILE = "=1+1 <img src=x onerror=alert(9)> \u202eslx.csv"  # a name that a file system allows


def _sales(bad: Bad, names: dict[str, str]) -> dict[str, Any]:
    return {
        "study": "sales", "title": bad("study title", long=True), "question": bad("question"),
        "as_of": "2025-12-31", "programme": names["programme"], "design": "randomised",
        "arms": {"treated": names["mentee"], "comparison": names["lost"]},
        "allocation": {"share": 0.5}, "take_up": "met_mentor_once",
        "outcome": {"metric": names["metric"], "label": bad("outcome label"),
                    "unit": bad("unit")},
        "follow_up": {"months": 5, "primary": [1, 5], "windows": [[1, 2]]},
        "adjust_for": ["pre_period_outcome", "department", names["attribute"]],
        "subgroups": ["department", names["attribute"]], "who_benefits": ["quantiles"],
        "dose": ["meetings"],
        "specifications": [{"name": bad("specification"), "note": bad("specification note"),
                            "first_month": 1, "last_month": 3}],
    }  # fmt: skip


def _leaving(bad: Bad, names: dict[str, str]) -> dict[str, Any]:
    return {
        "study": "leaving", "title": bad("exit title"), "question": bad("exit question"),
        "as_of": "2025-12-31", "programme": names["programme"], "design": "randomised",
        "arms": {"treated": names["mentee"], "comparison": names["lost"]},
        "outcome": {"kind": "exit", "metric": "voluntary", "label": bad("exit label")},
        "follow_up": {"months": 8, "primary": [1, 8]}, "subgroups": ["department"],
    }  # fmt: skip


def _literature(bad: Bad) -> dict[str, Any]:
    texts = ("who", "outcome", "window", "finding", "as_published", "read_in", "caveat")
    entry: dict[str, Any] = {key: bad(f"literature {key}") for key in texts}
    return {
        **{key: bad(f"literature {key}") for key in ("authors", "title", "venue", "place")},
        "year": 2020, "doi": '10.1234/"onload=alert(7)', "design": "randomised",
        "setting": "workplace", "url": "https://example.org/\"'><script>alert(8)</script>",
        "entries": [{"id": "own", **entry, "family": "performance", "estimate": 4.0, "unit": "%",
                     "grade": "A", "verified": True, "bears": {"any": bad("literature bears")}}],
    }  # fmt: skip


def _write_exports(data: Path, names: dict[str, str]) -> None:
    """Every second person wins, sells more and leaves less often."""
    header, attribute = names["header"], names["attribute"]
    files: dict[str, list[list[str]]] = {
        "funnel.csv": [["employee", "result", "drawn"]],
        FILE: [["employee", "hired", "left", "kind", names["attribute"] + " unused"]],
        "people.csv": [["employee", attribute]],
        "jobs.csv": [["employee", "since", header, "level"]],
        "sales.csv": [["employee", "month", header]],
        "meetings.csv": [["employee", "day"]],
    }
    for i in range(PEOPLE):
        name, won, place = f"E{i:04d}", i % 2 == 0, i // 2 % 3
        leaves = i % (9 if won else 5) == 1
        files["funnel.csv"].append([name, names["mentee" if won else "lost"], "2025-03-10"])
        gone = [f"2025-0{4 + i % 6}-15", "voluntary"] if leaves else ["", ""]
        files[FILE].append([name, "2020-01-01", *gone, "x"])
        files["people.csv"].append([name, (names["mentee"], names["lost"])[i // 6 % 2]])
        files["jobs.csv"].append([name, "2020-01-01", names[f"department {place}"], "1"])
        last = 3 + i % 6 if leaves else MONTHS
        for month in range(1, last + 1):
            noise = (i * 7 + month * 13) % 11 - 5
            value = 100 + i % 17 + noise + 10 * (won and month > 3)
            files["sales.csv"].append([name, f"2025-{month:02d}", str(value)])
        if won and i % 6:
            files["meetings.csv"] += [[name, f"2025-04-{1 + n:02d}"] for n in range(1 + i % 3)]
    files["sales.csv"].append(["E0000", "2025-09", names["department 0"]])  # goes back to HR
    for i in range(72):  # people have always left
        left = f"{2023 + i // 24}-{1 + i % 12:02d}-15"
        files[FILE].append([f"X{i:02d}", "2020-01-01", left, "voluntary", "x"])
    for file, rows in files.items():
        with (data / file).open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows(rows)
