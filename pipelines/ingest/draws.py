"""Lands the recorded draws that studies name, as pseudonyms and arms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import Exit, UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.config import Settings
    from pipelines.engine import Engine
    from pipelines.ingest.pseudonym import Identifiers
    from pipelines.lottery_audit import NamedDraw


def store(
    engine: Engine, draws: Iterable[NamedDraw], identifiers: Identifiers, settings: Settings
) -> None:
    """Land the draws; who stands in a roster goes the way of all identifiers."""
    for draw in draws:
        people = pa.array([d.person for d in draw.recorded.drawn], pa.string())
        system = _system(settings, draw)
        known, broken = identifiers.of(people, system, draw.as_of)
        if wrong := len(people) - broken.null_count:
            problem = f"{draw.name}: {wrong:,} people of the roster lead to nobody"
            rules = ", ".join(sorted(pc.unique(broken.drop_null()).to_pylist()))
            fix = f"Look at {draw.recorded.audit.id_column}: {rules}."
            raise UserError(problem, fix, Exit.PROJECT)
        known = known.cast(pa.string())
        if twice := len(known) - pc.count_distinct(known).as_py():
            problem = f"{draw.name}: {twice:,} people stand in the roster under two identifiers"
            fix = "They had two lots: draw again from a list with each person once."
            raise UserError(problem, fix, Exit.PROJECT)
        rows = {
            "lottery": pa.array([draw.name] * len(people), pa.string()),
            "person_id": known,
            "arm": pa.array([d.arm for d in draw.recorded.drawn], pa.string()),
        }
        engine.register("landing_draw", pa.table(rows).filter(identifiers.kept(known)))
        engine.run("insert into landed.lottery_draws by name select * from landing_draw")
        engine.unregister("landing_draw")


def _system(settings: Settings, draw: NamedDraw) -> str | None:
    """The system of a roster's identifiers: its column's name, or that of the enrolments."""
    if settings.identity is None:
        return None
    column = draw.recorded.audit.id_column
    if column in settings.identity.systems:
        return column
    loads = [x for s in settings.sources for x in s.loads if x.table == "enrolments"]
    systems = {x.id_systems.get("person_id") for x in loads}
    if len(systems) != 1:
        problem = f"{draw.name}: whose identifiers {column} holds is not known"
        fix = f"Call the column by its system: {', '.join(settings.identity.systems)}."
        raise UserError(problem, fix, Exit.PROJECT)
    return systems.pop()
