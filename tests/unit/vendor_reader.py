"""A plain reader of the demo company's vendor files: it leaves out what the manifest names.

It shares no code with the writers, so that what it finds can be compared with what they expect.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from python_calamine import CalamineWorkbook

if TYPE_CHECKING:
    from pathlib import Path

DROPPED = {"Q", "X", "F"}
ITEMS = {"tis", "value_congruence", "knowledge", "mfq", "engagement", "informal_mentor"}
Keyed = dict[tuple[Any, ...], tuple[Any, ...]]


def lines_of(path: Path) -> list[tuple[int, list[str]]]:
    """Records with the physical line on which each begins, whatever the encoding."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252")
    reader = csv.reader(io.StringIO(text, newline=""))
    found, before = [], 0
    for cells in reader:
        found.append((before + 1, cells))
        before = reader.line_num
    return found


def manifest_of(folder: Path) -> list[dict[str, str]]:
    """The planted defects."""
    with (folder / "defects.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass
class Reader:
    """Reads every delivery of a demo folder."""

    root: Path
    manifest: list[dict[str, str]] = field(init=False)
    owner: dict[str, str] = field(init=False)  # of each number
    mails: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.manifest = manifest_of(self.root / "truth")
        self.owner = {}
        self._who_is_who()

    def rows(self, pattern: str, header: int, skip: int = 0) -> list[tuple[str, dict[str, str]]]:
        """Clean rows of all files, by file name: neither defective nor footers."""
        gone = {
            (r["file"], int(r["physical_row"])) for r in self.manifest if r["outcome"] in DROPPED
        }
        found = []
        for path in sorted((self.root / "exports").glob(pattern)):
            if (path.name, 0) in gone:
                continue
            lines = lines_of(path)
            names = lines[header - 1][1]
            for line, cells in lines[header + skip :]:
                if (path.name, line) not in gone and not cells[0].startswith("Total"):
                    found.append((path.name, dict(zip(names, cells, strict=True))))
        return found

    def _who_is_who(self) -> None:
        """Numbers, addresses and names of persons, from the two personnel deliveries."""
        self.workday = self.rows("workday_workers_*.csv", 7)
        self.users = self.rows("successfactors_users_*.csv", 1, skip=1)
        legacy: dict[str, str] = {}
        for _, row in self.workday:
            number = row["Employee ID"]
            self.owner[number] = number
            if row["Legacy Person ID"]:
                legacy[row["Legacy Person ID"]] = number
            self.names[row["Worker"]] = number
            for column in ("Email - Work", "Email - Additional"):
                self.mails[row[column].strip().lower()] = number
        for _, row in self.users:
            number = row["PERSON_ID_EXTERNAL"]
            self.owner[number] = legacy.get(number, number)
            self.mails.setdefault(row["EMAIL"].strip().lower(), self.owner[number])

    def number(self, text: str) -> str | None:
        """The person of a number that may have lost its zeros."""
        return self.owner.get(text.zfill(6)) if text else None

    def employment(self) -> Keyed:
        """(person, hired) -> (exit, reason, regretted), as the last file says; transfers joined."""
        spells: dict[tuple[str, dt.date], list[Any]] = {}
        for _, row in self.users:
            key = self.owner[row["PERSON_ID_EXTERNAL"]], dt.date.fromisoformat(row["HIREDATE"])
            left = row["EVENT_DATE"]
            last = dt.date.fromisoformat(left) - dt.timedelta(days=1) if left else None
            spells[key] = [last, row["EVENT_REASON"] or None, None]
        for _, row in self.workday:
            key = self.owner[row["Employee ID"]], _us(row["Hire Date"])
            last = row["Last Day of Work"]
            regretted = {"Yes": True, "No": False, "": None}[row["Regrettable"]]
            exit_ = None if last == "12/31/9999" else _us(last)
            spells[key] = [exit_, row["Primary Termination Reason"] or None, regretted]
        for person, hired in sorted(spells, reverse=True):
            exit_, reason, _ = spells[person, hired]
            if reason and reason.endswith("Another Legal Entity"):
                later = min(h for p, h in spells if p == person and h > exit_)
                assert 1 <= (later - exit_).days <= 3
                spells[person, hired] = spells.pop((person, later))
        return {key: tuple(value) for key, value in spells.items()}

    def jobs(self) -> Keyed:
        """(person, from) -> (department, level, site, manager), as the last file says."""
        found: Keyed = {}
        units = {"Finance": "corporate", "People and administration": "corporate",
                 "Corporate services": "corporate", "Engineering": "engineering"}  # fmt: skip
        links = [r for r in self.manifest if r["defect"] in {"ambiguous_manager", "manager_cycle"}]
        hidden = {(r["file"], r["key"].split()[2].rstrip(":")) for r in links}
        for _, row in self.users:
            if row["DIVISION"] == "Technology":
                manager = row["MANAGER"]
                who = None if manager == "NO_MANAGER" else self.owner[manager]
                begins = dt.date.fromisoformat(row["POSITION_START"])
                key = self.owner[row["PERSON_ID_EXTERNAL"]], begins
                code = row["DEPARTMENT"]
                unit = {"ENG": "engineering"}.get(code, code)
                found[key] = unit, row["JOBLEVEL"], row["LOCATION"], who
        for file, row in self.workday:
            if row["Supervisory Organization"] in units:
                person = self.owner[row["Employee ID"]]
                manager = row["Manager"]
                if (file, person) in hidden:
                    manager = ""
                who = self.names[manager] if manager else None
                found[person, _us(row["Position Start Date"])] = (
                    units[row["Supervisory Organization"]], row["Job Level"], row["Location"], who,
                )  # fmt: skip
        codes = {"CC": "contact_centre", "CARE": "contact_centre", "OPS": "operations"}
        for row in self.dump("job_history"):
            key = self.owner[row["employee_no"]], dt.date.fromisoformat(row["valid_from"][:10])
            found[key] = (
                codes.get(row["unit_code"], "sales"), row["job_level"], row["site"],
                self.number(row["manager_no"].replace(r"\N", "")),
            )  # fmt: skip
        return found

    def dump(self, table: str) -> list[dict[str, str]]:
        """Rows of one table of the dump."""
        path = next((self.root / "exports").glob("warehouse_*.sql"))
        gone = {
            int(r["physical_row"])
            for r in self.manifest
            if r["file"] == path.name and r["outcome"] in DROPPED
        }
        names: list[str] = []
        found = []
        for line, text in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
            if text.startswith(f"COPY public.{table} ("):
                names = text[text.index("(") + 1 : text.index(")")].split(", ")
            elif text == "\\.":
                names = []
            elif names and line not in gone:
                found.append(dict(zip(names, text.split("\t"), strict=True)))
        return found

    def performance(self) -> Keyed:
        """(person, metric, month) -> (value, scale, rater)."""
        found: Keyed = {}
        for row in self.dump("kpi_monthly"):
            if row["value"] != "0":
                month = dt.date.fromisoformat(row["month"][:10])
                key = self.owner[row["employee_no"]], row["metric"], month
                found[key] = float(row["value"]), None, None
        words = {"Outstanding": 5, "Exceeds expectations": 4, "Meets expectations": 3,
                 "Partly meets": 2, "Below": 1}  # fmt: skip
        gone = {
            (r["file"], r["sheet"], int(r["physical_row"]))
            for r in self.manifest if r["outcome"] in DROPPED
        }  # fmt: skip
        for path in sorted((self.root / "exports").glob("ratings_*.xlsx")):
            book = CalamineWorkbook.from_path(str(path))
            for name in book.sheet_names:
                cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                for at, row in enumerate(cells[3:], start=4):
                    if (path.name, name, at) in gone or str(row[0]).startswith(("Total", "Source")):
                        continue
                    value = words.get(row[3], row[3])
                    if isinstance(value, str):
                        continue
                    cycle = dt.date.fromisoformat(row[6]) if isinstance(row[6], str) else row[6]
                    person = self.owner[f"{int(row[0]):06d}"]
                    rater = self.owner[f"{int(row[8]):06d}"] if row[8] != "" else None
                    found[person, "rating", _day(cycle)] = float(value), row[5], rater
        return found

    def enrolments(self) -> Keyed:
        """(person, programme) -> days and arm."""
        found: Keyed = {}
        for _, row in self.rows("mentorloop_participants_*.csv", 1):
            if row["Role"] == "Mentee" and row["Approved"] == "True":
                days = tuple(
                    _uk(row[n])
                    for n in ("Eligible", "Invited", "Signup Date", "Draw Date", "First Match",
                              "Completed", "Closed")
                )  # fmt: skip
                key = self.mails[row["Email"]], row["Programme"]
                found[key] = (*days, row["Draw Result"] or None, row["Stratum"] or None)
        return found

    def mentorships(self) -> Keyed:
        """(mentee, mentor, programme, from) -> (until,)."""
        found: Keyed = {}
        for _, row in self.rows("mentorloop_loops_*.csv", 1):
            if row["Mentee Email"]:
                mentor = self.mails[row["Mentor Email"]] if row["Mentor Email"] else None
                mentee, programme = self.mails[row["Mentee Email"]], row["Programme"]
                found[mentee, mentor, programme, _uk(row["Matched On"])] = (_uk(row["Ended On"]),)
        return found

    def sessions(self) -> set[tuple[Any, ...]]:
        """Person, programme, day, minutes, whether confirmed."""
        return {
            (self.mails[row["Mentee Email"]], row["Programme"], _uk(row["Date"]),
             int(row["Minutes"]), row["Attendance Confirmed"] == "Yes")
            for _, row in self.rows("mentorloop_activity_????-??-??.csv", 1)
        }  # fmt: skip

    def surveys(self) -> Keyed:
        """(person, wave, item) -> (value, day, status)."""
        found: Keyed = {}
        cells = {
            (r["file"], r["key"].split(" of ")[1], r["key"].split(" of ")[0])
            for r in self.manifest if r["outcome"] == "C"
        }  # fmt: skip
        for file, row in self.rows("glint_wave_*.csv", 1):
            year, half = row["Survey Cycle Title"].removeprefix("Pulse ").split(" H")
            wave = 2 * (int(year) - 2022) + int(half)
            clock = row.get("Survey Cycle Completion Date") or row["Completion Date"]
            on = dt.datetime.strptime(clock, "%d-%m-%Y %H:%M").date()
            person = self.owner[row["Email"]]
            for name, value in _answers(row, {"Yes": 1, "No": 0}).items():
                if (file, person, name) not in cells:
                    found[person, wave, name] = value, on, None
        for _, row in self.rows("qualtrics_pulse_*.csv", 1, skip=2):
            person, on = self.owner[row["ExternalReference"]], row["EndDate"].split(" ")[0]
            status = {"1": "complete", "0": "partial"}[row["Finished"]]
            for name, value in _answers(row, {"21": 1, "22": 0}).items():
                key = person, int(row["wave"]), name
                found[key] = value, dt.date.fromisoformat(on), status
        return found


def _answers(row: dict[str, str], words: dict[str, int]) -> dict[str, float]:
    """Answers by question; comments and what else stands in a response are none."""
    asked = {name: text for name, text in row.items() if name.rstrip("_123456789") in ITEMS}
    return {name: float(words.get(text, text)) for name, text in asked.items() if text}


def _us(text: str) -> dt.date:
    return dt.datetime.strptime(text, "%m/%d/%Y").date()


def _uk(text: str) -> dt.date | None:
    return dt.datetime.strptime(text, "%d/%m/%Y").date() if text else None


def _day(value: dt.date) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value
