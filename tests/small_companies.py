"""Small companies drawn at random, several in one project, each with a study of its own.

Groups have 1 to 12 people beside two large ones, and everybody's group, arm and results are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tests.flows.conftest import Firm

if TYPE_CHECKING:
    from pathlib import Path

DESIGNS = ("randomised", "exits", "opt_in", "lottery of three", "promotion")
# A level is what promotions are about; exits know the teams of everybody who was ever employed.
GROUPED = {"promotion": "department", "exits": "level"}
MONTHS = 10  # of 2025; places were drawn in March

_HEAD = """
project: small
title: Small companies
purpose: Learn whether mentoring works in companies of any size.
lawful_basis: Legitimate interest, agreed with the works council.
retention: {months: 24}
programmes: [PROGRAMMES]
sources:
"""
_SOURCE = """  - name: {name}
    file: {name}.csv
    delivered_on: 2025-12-31
    loads:
      - table: {table}
        columns: {{{columns}}}
"""
_SOURCES = (
    ("funnel", "enrolments", "person_id: employee, programme: programme, arm: result, "
     "assigned_on: drawn, invited_on: invited, applied_on: applied, matched_on: matched"),
    ("workers", "employment",
     "person_id: employee, hired_on: hired, exited_on: left, exit_kind: kind"),
    ("jobs", "jobs", "person_id: employee, valid_from: since, department: team, level: level"),
    ("sales", "performance",
     "person_id: employee, period: month, metric: metric, value: revenue"),
    ("meetings", "sessions", "person_id: employee, programme: programme, held_on: day"),
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """What the files say of one person."""

    name: str
    team: str
    level: int
    arm: str
    met: bool
    left: str
    promoted: bool


@dataclass(frozen=True)
class Company:
    """One company: its study, how it was made, and its people."""

    study: str
    design: str
    people: tuple[Person, ...]

    def teams(self) -> dict[str, int]:
        """People by team."""
        names = [p.team for p in self.people]
        return {name: names.count(name) for name in sorted(set(names))}


def draw_project(folder: Path, seed: int, companies: int) -> tuple[Firm, list[Company]]:
    """The project on disk, and its companies."""
    rng = np.random.default_rng([seed, 7])
    made = [_company(rng, seed, k) for k in range(companies)]
    project, data = folder / "project", folder / "exports"
    (project / "studies").mkdir(parents=True)
    data.mkdir()
    listed = ", ".join(f"{{id: {c.study}}}" for c in made)
    sources = "".join(_SOURCE.format(name=n, table=t, columns=c) for n, t, c in _SOURCES)
    held = "        columns: {person_id: employee, programme: programme, held_on"
    sources = sources.replace(held, f"        constants: {{status: confirmed}}\n{held}")
    head = _HEAD.replace("PROGRAMMES", listed)
    (project / "mentorlift.yml").write_text(head + sources)
    for company in made:
        (project / "studies" / f"{company.study}.yml").write_text(_study(company))
    _write(data, made, rng)
    return Firm(project, data, folder / "out"), made


def _company(rng: np.random.Generator, seed: int, k: int) -> Company:
    size, study = int(rng.integers(40, 401)), f"c{seed}-{k}"
    design = DESIGNS[(seed + k) % len(DESIGNS)]
    sizes = [int(n) for n in rng.integers(1, 13, int(rng.integers(1, 7)))]
    rest = size - sum(sizes)
    first = int(rng.integers(rest // 3, 2 * rest // 3 + 1)) if rest > 3 else 0
    sizes += [n for n in (first, rest - first) if n > 0]
    teams = [f"Tm{seed}x{k}x{i}" for i, n in enumerate(sizes) for _ in range(n)]
    arms = ["mentee", "lottery_lost"]
    if design == "lottery of three":
        arms.append("trainee")
    share = rng.uniform(0.25, 0.75)
    took, others, gone = rng.uniform(0.6, 1), rng.uniform(0, 0.08), rng.uniform(0.02, 0.35)
    people = []
    for i, team in enumerate(teams):
        treated = rng.random() < share
        arm = arms[0 if treated else 1]
        if len(arms) > 2 and rng.random() < 0.3:
            arm = arms[2]
        met = bool(rng.random() < (others if arm == "lottery_lost" else took))
        left = f"2025-{int(rng.integers(4, 11)):02d}-{int(rng.integers(1, 28)):02d}"
        people.append(
            Person(
                name=f"P{k:02d}{i:04d}", team=team, level=int(rng.integers(1, 4)), arm=arm, met=met,
                left=left if rng.random() < gone * (0.5 if treated else 1) else "",
                promoted=bool(rng.random() < 0.2 + 0.2 * treated),
            )
        )  # fmt: skip
    return Company(study, design, tuple(people))


def _study(company: Company) -> str:
    treated = "[mentee, trainee]" if company.design == "lottery of three" else "mentee"
    lines = [
        f"study: {company.study}", "question: Does mentoring help?", "as_of: 2025-12-31",
        f"programme: {company.study}",
        f"arms: {{treated: {treated}, comparison: lottery_lost}}",
        f"subgroups: [{GROUPED.get(company.design, 'department, level')}]",
    ]  # fmt: skip
    follow = "follow_up: {months: 6, primary: [1, 6], windows: [[1, 3]]}"
    if company.design == "exits":
        lines += ["design: randomised", "outcome: {kind: exit, metric: voluntary}"]
        lines += ["follow_up: {months: 7, primary: [1, 7], windows: [[1, 3]]}"]
    elif company.design == "promotion":
        lines += ["design: randomised", "take_up: met_mentor_once"]
        lines += ["outcome: {metric: level, kind: promotion}"]
        lines += ["follow_up: {months: 8, primary: [8, 8]}"]
    elif company.design == "opt_in":
        lines += ["design: opt_in", "outcome: {metric: revenue, unit: EUR}", follow]
        lines += ["adjust_for: [pre_period_outcome, department, level]"]
        lines += ["who_benefits: [quantiles]"]
    else:
        lines += ["design: randomised", "take_up: met_mentor_once", follow]
        lines += ["outcome: {metric: revenue, unit: EUR}", "dose: [meetings]"]
        lines += ["adjust_for: [pre_period_outcome, department]"]
    return "\n".join(lines) + "\n"


def _write(data: Path, companies: list[Company], rng: np.random.Generator) -> None:
    files = {
        "funnel": ["employee,programme,result,drawn,invited,applied,matched"],
        "workers": ["employee,hired,left,kind"],
        "jobs": ["employee,since,team,level"],
        "sales": ["employee,month,metric,revenue"],
        "meetings": ["employee,programme,day"],
    }
    for company in companies:
        recorded = rng.uniform(0.85, 1)
        for p in company.people:
            applied = "2025-03-05" if p.arm != "lottery_lost" or company.design != "opt_in" else ""
            matched = "2025-03-20" if p.met else ""
            files["funnel"].append(
                f"{p.name},{company.study},{p.arm},2025-03-10,2025-03-10,{applied},{matched}"
            )
            kind = "voluntary" if p.left else ""
            files["workers"].append(f"{p.name},20{rng.integers(10, 25)}-01-01,{p.left},{kind}")
            files["jobs"].append(f"{p.name},2025-01-01,{p.team},{p.level}")
            if p.promoted:
                files["jobs"].append(f"{p.name},2025-08-01,{p.team},{p.level + 1}")
            last = int(p.left[5:7]) - 1 if p.left else MONTHS
            known = 3 if rng.random() > recorded else last
            base = rng.normal(100, 15)
            for month in range(1, min(known, last) + 1):
                value = base + rng.normal(0, 8) + 8 * (p.arm == "mentee" and month > 3)
                files["sales"].append(f"{p.name},2025-{month:02d}-01,revenue,{value:.2f}")
            for n in range(int(rng.integers(1, 5)) if p.met else 0):
                files["meetings"].append(f"{p.name},{company.study},2025-04-{1 + 5 * n:02d}")
    for i in range(90):  # people have always left
        day = f"{2022 + i // 30}-{1 + i % 12:02d}-15"
        files["workers"].append(f"X{i:03d},2015-01-01,{day},voluntary")
    for name, lines in files.items():
        (data / f"{name}.csv").write_text("\n".join(lines) + "\n")
