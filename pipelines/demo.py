"""The demo company on disk: a project, the exports its systems would deliver, and the truth.

The truth lies outside the project folder and nothing that reads a project may open it.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from analysis.synthetic.calendar import NEVER, month_start
from analysis.synthetic.company import Company, draw_company, kpi_blocks
from analysis.synthetic.exits import KINDS, VOLUNTARY
from analysis.synthetic.lottery import PROGRAMME
from analysis.synthetic.mentoring import NOBODY, PAIR_DAYS
from analysis.synthetic.names import invented_names
from analysis.synthetic.people import DEPARTMENTS, site_counts
from analysis.synthetic.scenario import SCENARIOS
from analysis.synthetic.truth import estimands, potential_outcomes
from pipelines.errors import Exit, UserError

if TYPE_CHECKING:
    from analysis.synthetic.company import KpiBlock

EXAMPLE = Path(__file__).resolve().parent.parent / "data" / "examples" / "demo"
SMALLEST = 300

# Chosen once, among about a thousand, so that the first report a newcomer sees is a typical one: at
# 5,000 people the lottery's ITT and LATE, its months 1-3, the plain difference in means and the
# effect on voluntary exits within 365 days all lie within about half a standard error of the
# truth, and the raw gaps near their averages over draws. Other seeds scatter as their standard
# errors say: that this one agrees with the truth is no evidence for any estimator.
DEFAULT_SEED = 2223

_REASONS = {
    "": ("",),
    "voluntary": ("Other job", "Pay", "Career", "Family", "Relocation"),
    "involuntary": ("Performance", "Restructuring"),
    "retirement": ("Retirement",),
    "end_of_contract": ("End of fixed-term contract",),
    "death": ("Death in service",),
}
_TITLES = ("Assistant", "Specialist", "Lead", "Manager", "Director")


@dataclass(frozen=True, slots=True)
class DemoPaths:
    """Where the demo company lies: the project, its deliveries, the planted truth."""

    project: Path
    data: Path
    truth: Path


def write_demo(
    out: Path, *, scenario: str = "default", people: int = 5_000, seed: int = DEFAULT_SEED
) -> DemoPaths:
    """Write the company below ``out`` and say where; the same arguments give the same bytes."""
    if scenario not in SCENARIOS:
        raise UserError(
            "scenario: there is none of this name",
            f"Use one of: {', '.join(sorted(SCENARIOS))}.",
            Exit.USAGE,
        )
    if people < SMALLEST:
        raise UserError(
            f"people: fewer than {SMALLEST}",
            f"Use {SMALLEST} or more: below that no department can hold a lottery.",
            Exit.USAGE,
        )
    paths = DemoPaths(out / "project", out / "exports", out / "truth")
    for folder in (paths.data, paths.truth):
        folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(EXAMPLE, paths.project, dirs_exist_ok=True)
    company = draw_company(scenario, size=people, seed=seed)
    ids = pa.array([f"{number:06d}" for number in range(101, 101 + len(company))])
    _write(paths.data / "workers.csv", _workers(company, ids))
    _write_monthly(company, ids, paths.data)
    for name, table in _mentoring(company, ids).items():
        _write(paths.data / name, table)
    _write(
        paths.truth / "estimands.csv",
        pa.Table.from_pylist([asdict(row) for row in estimands(company)]),
    )
    pa.parquet.write_table(_potential(company, ids), paths.truth / "potential.parquet")
    return paths


def _write(path: Path, table: pa.Table) -> None:
    pa.csv.write_csv(table, path, pa.csv.WriteOptions(quoting_style="needed"))


def _days(days: Any) -> pa.Array:
    """Dates as ISO text in a CSV; NaT becomes an empty field."""
    return pa.array(days.astype("datetime64[D]")).cast(pa.date32())


def _workers(company: Company, ids: pa.Array) -> pa.Table:
    """One row an employee, with the direct identifiers every HR export carries."""
    people, n = company.people, len(company)
    names = invented_names(company.streams, n)
    numbers = ids.to_pylist()
    kinds = [KINDS[code] for code in company.exit_kind.tolist()]
    pick = company.streams.scalar("exit.reason", 0, n).tolist()
    reasons = [_REASONS[k][int(u * len(_REASONS[k]))] for k, u in zip(kinds, pick, strict=True)]
    likely = np.where(people.ability > 0, 0.35, 0.15)
    regretted = np.where(company.streams.scalar("exit.regretted", 0, n) < likely, "yes", "no")
    return pa.table(
        {
            "employee_id": ids,
            "name": [f"{first} {last}" for first, last in names],
            "email": [
                f"{first}.{last}.{number}@example.com".lower()
                for (first, last), number in zip(names, numbers, strict=True)
            ],
            "contract_type": np.where(people.fixed_term, "fixed term", "permanent"),
            "hire_date": _days(people.hired_on),
            "termination_date": _days(company.exit_on),
            "notice_date": pa.nulls(n, pa.date32()),
            "termination_type": [kind.replace("_", " ").capitalize() for kind in kinds],
            "termination_reason": reasons,
            "regretted": np.where(company.exit_kind == VOLUNTARY, regretted, ""),
        }
    )


def _write_monthly(company: Company, ids: pa.Array, folder: Path) -> None:
    """Job history and monthly performance, block by block: nothing holds all months at once."""
    jobs = []
    metrics = pa.array([d.metric for d in DEPARTMENTS])
    writer = None
    for block in kpi_blocks(company):
        jobs.append(_jobs(company, block, ids))
        row, month = np.nonzero(block.recorded)
        person = block.first + row
        table = pa.table(
            {
                "employee_id": ids.take(pa.array(person)),
                "month": _days(month_start(month)),
                "metric": metrics.take(pa.array(company.people.department[person])),
                "value": np.round(np.exp(block.happened[row, month]), 3),
            }
        )
        if writer is None:
            writer = pa.csv.CSVWriter(folder / "kpi_monthly.csv", table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()
    _write(folder / "job_history.csv", pa.concat_tables(jobs))


def _jobs(company: Company, block: KpiBlock, ids: pa.Array) -> pa.Table:
    """A row at hire and at each change of site while employed."""
    last = block.first + len(block.site)
    people = company.people.take(slice(block.first, last))
    start = people.hire_month.clip(0)
    month = np.arange(NEVER)
    change = np.zeros(block.site.shape, dtype=bool)
    change[:, 1:] = block.site[:, 1:] != block.site[:, :-1]
    change &= (month > start[:, None]) & (month < company.exit_month[block.first : last, None])
    change[np.arange(len(people)), start] = True
    row, at = np.nonzero(change)
    hired = at == start[row]
    department = people.department[row]
    counts = site_counts(company.size)
    number = block.site[row, at] - (np.cumsum(counts) - counts)[department]
    labels = [_label(d.name) for d in DEPARTMENTS]
    level = people.level[row]
    return pa.table(
        {
            "employee_id": ids.take(pa.array(block.first + row)),
            "valid_from": _days(np.where(hired, people.hired_on[row], month_start(at))),
            "department": [labels[code] for code in department.tolist()],
            "level": level,
            "site": [
                f"{labels[code]} {nth + 1:02d}"
                for code, nth in zip(department.tolist(), number.tolist(), strict=True)
            ],
            "job_title": [
                f"{labels[code]} {_TITLES[lev - 1]}"
                for code, lev in zip(department.tolist(), level.tolist(), strict=True)
            ],
        }
    )


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _mentoring(company: Company, ids: pa.Array) -> dict[str, pa.Table]:
    """The three deliveries of the mentoring tool."""
    lottery, matches, sessions = company.lottery, company.matches, company.sessions
    known = pa.array(matches.mentor, mask=matches.mentor == NOBODY)
    return {
        "mentoring_applications.csv": _applications(company, ids),
        "mentoring_matches.csv": pa.table(
            {
                "mentee_id": ids.take(pa.array(lottery.person[matches.mentee])),
                "mentor_id": ids.take(known),
                "programme": [PROGRAMME] * len(matches),
                "matched_on": _days(matches.matched_on),
                "ended_on": _days(matches.ended_on),
            }
        ),
        "mentoring_sessions.csv": pa.table(
            {
                "employee_id": ids.take(pa.array(lottery.person[sessions.mentee])),
                "programme": [PROGRAMME] * len(sessions.mentee),
                "held_on": _days(sessions.held_on),
                "minutes": sessions.minutes,
                "status": np.where(sessions.confirmed, "confirmed", "scheduled"),
            }
        ),
    }


def _applications(company: Company, ids: pa.Array) -> pa.Table:
    """Everybody invited, once; a person who did not apply has no date and no result."""
    lottery, matches = company.lottery, company.matches
    never = np.datetime64("NaT", "D")
    lag = 3 + np.floor(company.streams.scalar("lottery.applied_on", 0, len(company)) * 16)
    applied_on = lottery.drawn_on - lag[lottery.person].astype("timedelta64[D]")
    drawn_on = np.where(lottery.applied, lottery.drawn_on, never)
    rounds = lottery.drawn_on.astype("datetime64[M]").astype(str)
    department = np.array([d.name for d in DEPARTMENTS])[lottery.department]
    result = np.where(lottery.won, "mentee", "lottery_lost")
    matched_on, closed_on = (np.full(len(lottery), never) for _ in range(2))
    closed_on[matches.mentee] = matches.ended_on  # pairs are in order: the last one stays
    matched_on[matches.mentee[::-1]] = matches.matched_on[::-1]
    completed = closed_on - matched_on == np.timedelta64(PAIR_DAYS, "D")
    stratum = [f"{r} {d}" for r, d in zip(rounds.tolist(), department.tolist(), strict=True)]
    return pa.table(
        {
            "employee_id": ids.take(pa.array(lottery.person)),
            "programme": [PROGRAMME] * len(lottery),
            "round": rounds.tolist(),
            "eligible_on": _days(lottery.drawn_on - np.timedelta64(25, "D")),
            "invited_on": _days(lottery.drawn_on - np.timedelta64(21, "D")),
            "applied_on": _days(np.where(lottery.applied, applied_on, never)),
            "drawn_on": _days(drawn_on),
            "result": np.where(lottery.applied, result, ""),
            "stratum": np.where(lottery.applied, stratum, ""),
            "matched_on": _days(matched_on),
            "completed_on": _days(np.where(completed, closed_on, never)),
            "closed_on": _days(closed_on),
        }
    )


def _potential(company: Company, ids: pa.Array) -> pa.Table:
    columns = potential_outcomes(company)
    person = columns.pop("person")
    drawn_on = _days(columns.pop("drawn_on"))
    return pa.table({"employee_id": ids.take(pa.array(person)), "drawn_on": drawn_on, **columns})
