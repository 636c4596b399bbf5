"""Gives every staged row of a load its outcome, and counts them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.engine import quote_identifier as ident
from pipelines.engine import quote_text as text
from pipelines.errors import UserError
from pipelines.ingest import reasons, rules
from pipelines.ingest.report import LoadReport, RuleCount

if TYPE_CHECKING:
    import datetime as dt

    from pipelines.config import Settings
    from pipelines.engine import Engine
    from pipelines.ingest.mapping import Mapping

JUDGED = "landing_judged"


@dataclass(frozen=True)
class Judge:
    """Judges the rows of one load of one file; the judged rows stay in the table ``JUDGED``."""

    engine: Engine
    load: Mapping
    settings: Settings
    delivered_on: dt.date

    def land(self, staged: str, *, reasons_mapped: bool) -> LoadReport:
        """Judge the rows in ``staged``, which is dropped; where each of them goes."""
        engine, load = self.engine, self.load
        engine.run(rules.judge_sql(load, staged, JUDGED))
        self._check_vocabularies()
        if reasons_mapped and "exit_reason" in load.columns():
            self._map_reasons()
        rows_in = engine.scalar(f"select count(*) from {staged}")
        duplicates = self._drop_duplicates()
        self._set_conflicts_aside()
        counted = engine.rows(
            f"select _outcome, coalesce(_rule, ''), coalesce(_column, ''), count(*) from {JUDGED} "
            "group by all order by all"
        )
        engine.run(f"drop table {staged}")
        totals = {
            outcome: sum(n for found, _, _, n in counted if found == outcome)
            for outcome in ("loaded", "quarantined", "excluded")
        }
        named = tuple(RuleCount(*row) for row in counted if row[0] != "loaded")
        return LoadReport(load.load.table, rows_in, **totals, duplicates=duplicates, rules=named)

    def _check_vocabularies(self) -> None:
        load, filled = self.load, self.load.columns()
        for column in load.contract.columns:
            if column.name not in filled:
                continue
            if column.role in {"vocabulary", "flag"}:
                found = self.engine.rows(rules.vocabulary_sql(load, column, JUDGED))
                allowed = column.accepted_values or ("yes", "no", "true", "false", "1", "0")
            elif column.role == "programme":
                programmes = [programme.id for programme in self.settings.programmes]
                found = self.engine.rows(
                    f"select distinct programme from {JUDGED} where _outcome = 'loaded' "
                    "and not list_contains($known, programme) order by programme",
                    {"known": programmes},
                )
                allowed = tuple(programmes)
            else:
                continue
            if found:
                odd = ", ".join(repr(row[0]) for row in found[:20])
                problem = f"{load.file}: {load.load.table}.{column.name} holds {odd}."
                fix = (
                    f"Map each under `values: {column.name}:` to one of: "
                    f"{', '.join(allowed) or '(no programme is declared)'}."
                )
                raise UserError(problem, fix)

    def _map_reasons(self) -> None:
        """Fill the kind of each exit from its reason; stop, or set aside, where there is none."""
        self.engine.run(rules.meanings_sql(self.load, JUDGED), {"day": self.delivered_on})
        unmapped = rules.unmapped_condition(self.load)
        found = self.engine.rows(
            f"select exit_reason, min(_row) from {JUDGED} where {unmapped} group by exit_reason "
            "order by exit_reason"
        )
        if not found:
            return
        if self.settings.history.unmapped_reasons == "stop":
            raise reasons.unmapped(self.load.file, found)
        self.engine.run(
            f"update {JUDGED} set _outcome = 'quarantined', _rule = {text(rules.UNMAPPED)}, "
            f"_column = 'exit_reason' where {unmapped}"
        )

    def _drop_duplicates(self) -> int:
        """Drop all but the first of rows with the same content in this file; how many."""
        content = ", ".join(map(ident, rules.content_columns(self.load)))
        loaded = f"select {content}, _row from {JUDGED} where _outcome = 'loaded'"
        repeated = self.engine.scalar(
            f"select coalesce(sum(n - 1), 0) from (select count(*) as n from ({loaded}) "
            f"group by {content} having count(*) > 1)"
        )
        if repeated:
            self.engine.run(
                f"delete from {JUDGED} where _outcome = 'loaded' and _row not in "
                f"(select min(_row) from ({loaded}) group by {content})"
            )
        return int(repeated)

    def _set_conflicts_aside(self) -> None:
        """Quarantine rows of one key that differ otherwise: which is right, HR alone knows."""
        sql = rules.conflicts_sql(self.load, JUDGED)
        if sql is not None and self.engine.scalar(sql[0]):
            self.engine.run(sql[1])
