"""The canonical layer of the demo company: clean entities as Parquet, a row group a block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.synthetic.blocks import block_ratings, block_survey
from analysis.synthetic.calendar import MONTHS, month_start
from analysis.synthetic.exits import KINDS
from analysis.synthetic.items import INSTRUMENTS, MFQ
from analysis.synthetic.lottery import drawn_on
from analysis.synthetic.mentoring import NOBODY
from analysis.synthetic.organisation import MIGRATION, UNITS, acquired, units_by_month
from analysis.synthetic.pay import pay_rises
from analysis.synthetic.people import DEPARTMENTS
from analysis.synthetic.ratings import CYCLES, DATED_AFTER, FOUR_POINTS, YEARLY, points
from analysis.synthetic.records import exit_records, withdrawn
from analysis.synthetic.surveys import WAVES
from pipelines.demo_tables import changes, days, goals, reasons, site_names

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.synthetic.blocks import Block
    from analysis.synthetic.company import Company
    from analysis.synthetic.enrolment import Enrolment
    from analysis.synthetic.sessions import Sessions

_STARTS = month_start(np.arange(MONTHS + 3))


class ParquetFile:
    """A Parquet file that grows by one row group a block."""

    def __init__(self, path: Path) -> None:
        self._path, self._writer = path, None

    def add(self, table: pa.Table) -> None:
        """Append rows as one row group; all tables have the columns of the first."""
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd")
        self._writer.write_table(table, row_group_size=max(1, len(table)))

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()


def block_tables(
    company: Company, block: Block, held: Sessions, ids: pa.Array
) -> dict[str, pa.Table]:
    """Everything of a block of people, by entity."""
    return {
        **_personnel(company, block, ids),
        "job": _jobs(company, block, ids),
        "leave": _leave(block, ids),
        "performance": _performance(company, block, ids),
        "rating": _ratings(company, block, ids),
        "pay": _pay(company, block, ids),
        "survey": _survey(company, block, ids),
        "session": _sessions(company, held, ids),
    }


def _personnel(company: Company, block: Block, ids: pa.Array) -> dict[str, pa.Table]:
    first, n = block.first, len(block.site)
    rows = slice(first, first + n)
    people, own = company.people.take(rows), ids.slice(first, n)
    streams, exit_on, kind = company.streams, company.exit_on[rows], company.exit_kind[rows]
    records = exit_records(streams, people, exit_on, kind, first, company.scenario)
    once = people.origin == np.arange(first, first + n)
    gender = np.where(streams.scalar("gender", first, n) < 0.5, "female", "male")
    born = (2022 - people.age).astype(np.int16)
    entity = np.where(acquired(people, company.size), "acquired", "core")
    back = withdrawn(streams, people, exit_on, first)
    return {
        "person": pa.table(
            {"person_id": own, "gender": gender, "birth_year": born}
        ).filter(pa.array(once)),
        "employment": pa.table({
            "person_id": own, "employment_id": np.arange(first, first + n),
            "hired_on": days(people.hired_on),
            "contract_type": np.where(people.fixed_term, "fixed term", "permanent"),
            "entity": entity, "exited_on": days(exit_on),
            "exit_kind": pa.array(KINDS).take(pa.array(kind)),
            "notice_on": days(company.notice_on[rows]),
        }),
        "exit": pa.table({
            "person_id": ids.take(pa.array(records.person)), "employment_id": records.person,
            "last_day_of_work": days(records.last_day),
            "terminated_on": days(records.terminated_on),
            "contract_ends_on": days(records.contract_ends_on),
            "paid_until": days(records.paid_until), "entered_on": days(records.entered_on),
            "reason": pa.array(records.reason, pa.string()), "regretted": records.regretted,
        }),
        "withdrawn_exit": pa.table({
            "person_id": ids.take(pa.array(back[0])), "planned_on": days(back[1]),
            "entered_on": days(back[2]), "withdrawn_on": days(back[3]),
        }),
        "identifier": _identifiers(people, entity, own, first),
    }  # fmt: skip


def _identifiers(people: Any, entity: Any, own: pa.Array, first: int) -> pa.Table:
    """Numbers in each HR system; people of the acquired entity get a new one at month 24."""
    old = entity == "acquired"
    numbers = pa.array([f"A{row:07d}" for row in (first + np.flatnonzero(old)).tolist()])
    moved = _STARTS[MIGRATION]
    begins = np.where(old, np.maximum(moved, people.hired_on), people.hired_on)
    n = int(old.sum())
    return pa.concat_tables([
        pa.table({
            "person_id": own, "system": ["core"] * len(old), "number": own,
            "valid_from": days(begins), "valid_to": pa.nulls(len(old), pa.date32()),
        }),
        pa.table({
            "person_id": own.filter(pa.array(old)),
            "system": pa.array(["acquired"] * n, pa.string()),
            "number": numbers.cast(pa.string()), "valid_from": days(people.hired_on[old]),
            "valid_to": days(np.full(n, moved)),
        }),
    ])  # fmt: skip


def _jobs(company: Company, block: Block, ids: pa.Array) -> pa.Table:
    people = company.people.take(slice(block.first, block.first + len(block.site)))
    unit = units_by_month(company.streams, people, block.first)
    row, at, hired = changes(company, block, [block.site, unit, block.manager])
    manager = block.manager[row, at]
    late = company.streams.monthly("job.entry", block.first, len(people))[row, at]
    begins = np.where(hired, people.hired_on[row], _STARTS[at])
    lag = np.where(company.scenario.late_entries & (late < 0.10), 1 + late / 0.10 * 45, 0.0)
    return pa.table({
        "person_id": ids.take(pa.array(block.first + row)), "valid_from": days(begins),
        "department": pa.array([d.name for d in DEPARTMENTS]).take(
            pa.array(people.department[row])
        ),
        "unit": pa.array([u.code for u in UNITS]).take(pa.array(unit[row, at])),
        "level": people.level[row].astype(np.int8),
        "site": site_names(company).take(pa.array(block.site[row, at])),
        "manager_id": ids.take(pa.array(manager, mask=manager == NOBODY)),
        "entered_on": days(begins + lag.astype("timedelta64[D]")),
    })  # fmt: skip


def _leave(block: Block, ids: pa.Array) -> pa.Table:
    row, month = np.nonzero(block.on_leave)
    return pa.table(
        {"person_id": ids.take(pa.array(block.first + row)), "month": days(_STARTS[month])}
    )


def _performance(company: Company, block: Block, ids: pa.Array) -> pa.Table:
    row, month = np.nonzero(block.recorded)
    metrics = pa.array([d.metric for d in DEPARTMENTS])
    person = block.first + row
    return pa.table({
        "person_id": ids.take(pa.array(person)), "month": days(_STARTS[month]),
        "metric": metrics.take(pa.array(company.people.department[person])),
        "value": np.exp(block.happened[row, month]).astype(np.float32),
    })  # fmt: skip


def _ratings(company: Company, block: Block, ids: pa.Array) -> pa.Table:
    """Ratings of people still there when the cycle is dated."""
    ratings, rater = block_ratings(company, block.first, block.site)
    rows = slice(block.first, block.first + len(block.site))
    latent = ratings.latent + company.scenario.rating * block.mentored[:, CYCLES]
    there = company.people.hire_month[rows, None] <= CYCLES - 2
    there = there & (company.exit_month[rows, None] > CYCLES + DATED_AFTER)
    row, cycle = np.nonzero(ratings.asked & there)
    four = CYCLES[cycle] == FOUR_POINTS
    who = rater[row, cycle]
    return pa.table({
        "person_id": ids.take(pa.array(block.first + row)),
        "cycle": days(_STARTS[CYCLES[cycle]]),
        "dated_on": days(_STARTS[CYCLES[cycle] + DATED_AFTER[cycle]]),
        "kind": np.where(np.isin(CYCLES[cycle], YEARLY), "yearly", "mid_year"),
        "scale": np.where(four, "four points, 1 best", "five points, 5 best"),
        "rating": points(latent[row, cycle], four).astype(np.int8),
        "rater_id": ids.take(pa.array(who, mask=who == NOBODY)),
    })  # fmt: skip


def _pay(company: Company, block: Block, ids: pa.Array) -> pa.Table:
    people = company.people.take(slice(block.first, block.first + len(block.site)))
    left = company.exit_month[block.first : block.first + len(block.site)]
    row, month, hired, amount = pay_rises(company.streams, people, left, block.first)
    return pa.table({
        "person_id": ids.take(pa.array(block.first + row)),
        "valid_from": days(np.where(hired, people.hired_on[row], _STARTS[month])),
        "yearly": amount.astype(np.float32),
    })  # fmt: skip


def _survey(company: Company, block: Block, ids: pa.Array) -> pa.Table:
    """A row for each invitation; no answers where somebody did not respond."""
    survey = block_survey(company, block)
    row, wave = np.nonzero(survey.invited)
    answered, items = survey.answered[row, wave], survey.items[row, wave].astype(np.int8)
    lag = np.floor(company.streams.monthly("survey.day", block.first, len(block.site)) * 14)
    on = _STARTS[WAVES[wave]] + lag[row, WAVES[wave]].astype("timedelta64[D]")
    columns = {
        "person_id": ids.take(pa.array(block.first + row)), "wave": (wave + 1).astype(np.int8),
        "invited_on": days(_STARTS[WAVES[wave]]),
        "answered_on": days(np.where(answered, on, np.datetime64("NaT", "D"))),
        "engagement": pa.array(
            survey.engagement[row, wave].astype(np.float32), mask=~answered
        ),
        "informal_mentor": pa.array(survey.informal[row], mask=~answered),
    }  # fmt: skip
    for scale in INSTRUMENTS:
        asked = answered & survey.mentored[row, wave] if scale is MFQ else answered
        for nth in range(scale.items):
            columns[f"{scale.name}_{nth + 1}"] = pa.array(items[:, scale.first + nth], mask=~asked)
    return pa.table(columns)


def _sessions(company: Company, held: Sessions, ids: pa.Array) -> pa.Table:
    names = pa.array([e.programme for e in company.programmes])
    return pa.table({
        "person_id": ids.take(pa.array(held.mentee)),
        "programme": names.take(pa.array(held.programme)),
        "held_on": days(held.held_on), "minutes": held.minutes.astype(np.int32),
        "status": np.where(held.confirmed, "confirmed", "scheduled"),
        "logged_on": days(held.logged_on),
    })  # fmt: skip


def whole_tables(company: Company, ids: pa.Array) -> dict[str, pa.Table]:
    """What is written at once: enrolments, pairs and the units of the company."""
    return {
        "enrolment": pa.concat_tables(_enrolments(company, e, ids) for e in company.programmes),
        "match": _matches(company, ids),
        "unit": pa.table({
            "code": [u.code for u in UNITS], "name": [u.name for u in UNITS],
            "department": [u.department for u in UNITS],
            "valid_from": days(_STARTS[[u.first for u in UNITS]]),
            "valid_to": days(_STARTS[[u.last + 1 for u in UNITS]]),
        }),
    }  # fmt: skip


def _enrolments(company: Company, e: Enrolment, ids: pa.Array) -> pa.Table:
    zero, never = drawn_on(e.zero), np.datetime64("NaT", "D")
    zero = np.maximum(zero, company.people.hired_on[e.person])
    lots = e.programme.endswith("LOT")
    lost = "lottery_lost" if lots else "not_assigned"
    arm = np.where(e.applied, np.where(e.won, "mentee", lost), "")
    return pa.table({
        "person_id": ids.take(pa.array(e.person)), "programme": [e.programme] * len(e),
        "time_zero": days(zero), "applied": e.applied, "arm": arm,
        "department": pa.array([d.name for d in DEPARTMENTS]).take(pa.array(e.department)),
        "group": e.group.astype(np.int32), "mentored": e.mentored,
        "started_on": days(np.where(e.mentored, np.maximum(drawn_on(e.start), zero), never)),
    })  # fmt: skip


def _matches(company: Company, ids: pa.Array) -> pa.Table:
    pairs, n = company.matches, len(company)
    mentor = pa.array(pairs.mentor, mask=pairs.mentor == NOBODY)
    names = pa.array([e.programme for e in company.programmes])
    late = company.streams.scalar("match.entry", 0, n)[pairs.mentee]
    lag = np.where(company.scenario.late_entries & (late < 0.10), 1 + late / 0.10 * 45, 0.0)
    return pa.table({
        "mentee_id": ids.take(pa.array(pairs.mentee)), "mentor_id": ids.take(mentor),
        "programme": pc.take(names, pa.array(pairs.programme)),
        "matched_on": days(pairs.matched_on), "ended_on": days(pairs.ended_on),
        "goal_set_on": days(goals(company, pairs)), "rationale_recorded": reasons(company, pairs),
        "entered_on": days(pairs.matched_on + lag.astype("timedelta64[D]")),
    })  # fmt: skip
