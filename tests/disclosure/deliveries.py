"""A small company that reports every month: one person leaves, and the next extract lacks them.

Everybody who reads the reports knows who left, and how counts are rounded. What the monthly
difference between two groups tells of the leaver is worked out from the printed figures alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import yaml
from openpyxl import load_workbook

from tests.disclosed import figures
from tests.disclosure.canary import found
from tests.disclosure.printed import MIN_GROUP
from tests.flows.conftest import IDENTITY, Firm, command

if TYPE_CHECKING:
    from pathlib import Path

SEED = 2  # of the company
PEOPLE = 240  # every second one won the draw
OUTCOME = ("2025-04", "2025-05", "2025-06")
FIRST_NAMES = ("Quoxanne", "Zbigniewa", "Wuthrice")  # found nowhere but in the company's files
PEAK, SPREAD = 4000, 650  # of monthly sales, EUR
CLOSE = 0.10  # p % rule: an interval with both ends so near to the truth

PROJECT = """
project: monthly
title: Monthly reports
purpose: Learn whether the mentoring programme works.
lawful_basis: Legitimate interest, agreed with the works council.
retention: {months: 240}
programmes: [{id: SALES, name: Sales mentoring}]
"""
LOADS = {
    "workers": ("people", {"person_id": "employee"}, {}),
    "funnel": (
        "enrolments",
        {"person_id": "employee", "arm": "result", "assigned_on": "drawn"},
        {"programme": "SALES"},
    ),
    "sales": (
        "performance",
        {"person_id": "employee", "period": "month", "value": "revenue"},
        {"metric": "revenue"},
    ),
}
STUDY = """
study: sales
question: Does mentoring raise revenue?
as_of: {as_of}
programme: SALES
design: randomised
arms: {{treated: mentee, comparison: lottery_lost}}
allocation: {{share: 0.5}}
outcome: {{metric: revenue, unit: EUR}}
follow_up: {{months: 3, primary: [1, 3]}}
"""


@dataclass(frozen=True, eq=False)
class Company:
    """Sales (people, months of the outcome); ``leaving``: who leaves, one a month."""

    sales: np.ndarray
    leaving: np.ndarray

    def there(self, month: int) -> np.ndarray:
        """Mask of the people in the extract of a month, counted from 0 (people)."""
        here = np.ones(len(self.sales), dtype=bool)
        here[self.leaving[:month]] = False
        return here

    def deviation(self, month: int) -> float:
        """How far the one who leaves after this month is from the mean of the arm then, in EUR."""
        who = self.leaving[month]
        arm = self.there(month) & (np.arange(len(self.sales)) % 2 == who % 2)
        return float(self.sales[who].mean() - self.sales[arm].mean())

    def write(self, firm: Firm, month: int) -> None:
        """Project and files as they are in a month; those of the month before are replaced.

        Two rows go to quarantine: one without a month, one of somebody who is not in HR.
        """
        year, of_year = divmod(month, 12)
        day = f"{2025 + (of_year > 5) + year}-{(of_year + 6) % 12 + 1:02d}-28"
        sources = [
            {
                "name": name, "file": f"{name}.csv", "delivered_on": day,
                "loads": [{
                    "table": table, "columns": columns, "constants": constants,
                    "id_systems": {"person_id": "employee_no"},
                    **({"formats": {"period": "%Y-%m"}} if name == "sales" else {}),
                }],
            }
            for name, (table, columns, constants) in LOADS.items()
        ]  # fmt: skip
        (firm.project / "studies").mkdir(parents=True, exist_ok=True)
        firm.data.mkdir(parents=True, exist_ok=True)
        parts = {"identity": yaml.safe_load(IDENTITY), "sources": sources}
        (firm.project / "mentorlift.yml").write_text(PROJECT + yaml.safe_dump(parts))
        (firm.project / "studies" / "sales.yml").write_text(STUDY.format(as_of=day))
        here = np.flatnonzero(self.there(month))
        won = ["lottery_lost", "mentee"]
        lines = {
            "workers": ["employee,mail,given,family"] + [
                f"{number(p)},{mail(p)},{FIRST_NAMES[p % 3]},{family(p)}" for p in here
            ],
            "funnel": ["employee,result,drawn"] + [
                f"{number(p)},{won[p % 2]},2025-03-10" for p in here
            ],
            "sales": ["employee,month,revenue"] + [
                f"{number(p)},{m},{value}"
                for p in here for m, value in zip(OUTCOME, self.sales[p], strict=True)
            ] + [f"{number(0)},no month,1", f"{number(PEOPLE)},2025-04,1"],
        }  # fmt: skip
        for name, text in lines.items():
            (firm.data / f"{name}.csv").write_text("\n".join(text) + "\n")


def number(person: int) -> str:
    """The number of an employee."""
    return f"EMPNO{person:05d}"


def mail(person: int) -> str:
    """The mail of an employee."""
    return f"quoxmail{person:04d}@firm.example"


def family(person: int) -> str:
    """The family name of an employee, of letters alone."""
    return "Vexal" + "".join("abcdefghij"[int(d)] for d in f"{person:04d}")


def draw_company(seed: int, months: int) -> Company:
    """A company whose leavers are ordinary people of both arms."""
    rng = np.random.default_rng([seed, 5])
    own = rng.normal(PEAK, SPREAD, PEOPLE)
    sales = np.round(own[:, None] + rng.normal(0, 200, (PEOPLE, len(OUTCOME)))).astype(int)
    return Company(sales, rng.permutation(PEOPLE)[:months])


@dataclass(frozen=True)
class Printed:
    """A difference between the arms as an artifact shows it, and the people it says it is of."""

    value: float
    half: float
    people: int


@dataclass(frozen=True)
class Attacked:
    """What the reports of all months tell.

    ``told``: whether (artifact, month) tells of the one who then left; ``few``: months whose
    figures differ by few people; ``leaks``: where names, mails and numbers are found.
    """

    told: dict[tuple[str, int], bool]
    few: list[tuple[int, int]]
    leaks: list[str]


def printed(out: Path) -> dict[str, Printed]:
    """The difference in means, by the artifact that shows it; nothing where none is shown."""
    (finding,) = json.loads((out / "findings.json").read_text())
    rows = {"findings.json": finding["estimates"]}
    with duckdb.connect(str(out / "analyst.duckdb"), read_only=True) as file:
        found = file.sql("select * from results.estimates")
        rows["analyst.duckdb"] = [
            dict(zip(found.columns, r, strict=True)) for r in found.fetchall()
        ]
    heads, *lines = load_workbook(out / "report.xlsx")["Estimates"].iter_rows(values_only=True)
    rows["report.xlsx"] = [dict(zip(heads, line, strict=True)) for line in lines]
    return {name: shown for name, estimates in rows.items() if (shown := _difference(estimates))}


def _difference(estimates: list[dict[str, Any]]) -> Printed | None:
    for row in estimates:
        e = {str(k).lower().replace(" ", "_"): v for k, v in row.items()}
        if e.get("role") != "headline" and e.get("name") != "headline":
            continue
        ends = [e.get("estimate"), e.get("ci_low", e.get("95_%_low"))]
        if None in ends:
            return None
        places = max(len(repr(float(x)).partition(".")[2].rstrip("0")) for x in ends)
        people = e.get("n_people", e.get("people"))
        return Printed(float(ends[0]), 0.5 * 10.0**-places, int(people))
    return None


def recovered(company: Company, months: list[dict[str, Printed]]) -> dict[tuple[str, int], bool]:
    """Whether (artifact, month) tells how far the one who then left was from the rest of the arm.

    The mean of an arm of n people moves by d / (n - 1) when one leaves who was d from it; n is
    half of the people printed, give or take what rounding and arms of unequal size allow.
    """
    made = {}
    for month, (before, after) in enumerate(pairwise(months)):
        truth = company.deviation(month)
        sign = -1 if company.leaving[month] % 2 else 1
        for name in before.keys() & after.keys():
            a, b = before[name], after[name]
            gone = (month + 3) / 2  # how unequal the arms may have become, and rounding
            n = a.people / 2 + gone * np.array([-1.0, 1.0])
            moved = sign * (b.value - a.value) + 2 * max(a.half, b.half) * np.array([-1.0, 1.0])
            ends = np.outer(moved, n - 1)
            near = abs(np.array([ends.min(), ends.max()]) - truth) <= CLOSE * abs(truth)
            made[name, month] = a.value != b.value and bool(near.all())
    return made


def differ_by_few(months: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Pairs of months whose figures differ, though fewer than ten people left between them.

    ``months``: all that the finding of each month says of people. What stands is of the month that
    showed it first.
    """
    first = dict.fromkeys(months.index(said) for said in months)
    return [(i, j) for i, j in combinations(first, 2) if j - i < MIN_GROUP]


def figures_in(out: Path) -> dict[str, Any]:
    """All that the finding of a report says of people."""
    (finding,) = json.loads((out / "findings.json").read_text())
    return figures(finding)


def needles() -> list[str]:
    """What is found in the company's files and nowhere else: numbers, mails, names."""
    return [number(0)[:7], mail(0)[:8], family(0)[:6], *FIRST_NAMES]


def attacked(folder: Path, company: Company, months: int, *, memory: bool) -> Attacked:
    """The reports of so many months, into one folder of results or each into its own.

    A folder of its own is what a product without a memory would do in every month.
    """
    firm = Firm.below(folder)
    shown, said, leaks, texts = [], [], [], []
    for month in range(months):
        company.write(firm, month)
        out = firm.out if memory else folder / f"{month:02d}" / "out"
        code, *told = command(*replace(firm, out=out).arguments)
        assert code in (0, 9), f"{code}: {told}"
        shown.append(printed(out))
        said.append(figures_in(out))
        texts += told
        leaks += [] if memory else found(out, needles())
    leaks += found(firm.out, needles(), *texts) if memory else []
    return Attacked(recovered(company, shown), differ_by_few(said), leaks)
