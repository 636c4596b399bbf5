"""Gives every judged row of a load its final outcome, and counts them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.engine import quote_identifier as ident
from pipelines.engine import quote_text as text
from pipelines.errors import UserError
from pipelines.ingest import reason_rules, reasons, repeats, rules
from pipelines.ingest.pseudonym import LINK_RULE
from pipelines.ingest.report import LoadReport, RuleCount
from pipelines.ingest.responses import supersede_sql

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from pipelines.config import Settings
    from pipelines.engine import Engine
    from pipelines.ingest.mapping import Mapping

# Single dates are mistyped; so many are not: the format is another one.
MOST_BAD_DATES = 0.10
LEAST_BAD_DATES = 20
# A list of codes is short and its words come again; names and numbers of people do not.
MOST_WORDS = 20
LEAST_ROWS = 10
_WORDS = {"flag", "vocabulary", "programme"}


@dataclass(frozen=True)
class Judge:
    """Judges the rows of one load of one file, which stand in the table ``judged``."""

    engine: Engine
    load: Mapping
    judged: str
    settings: Settings
    delivered_on: dt.date
    place: Callable[[int], str] = str  # a row as a spreadsheet shows it

    def land(self, *, reasons_mapped: bool) -> LoadReport:
        """Where each of the rows goes."""
        engine, load, judged = self.engine, self.load, self.judged
        self._check_dates()
        self._check_vocabularies()
        if reasons_mapped and "exit_reason" in load.columns():
            self._map_reasons()
        if load.contract.table == "surveys":
            engine.run(supersede_sql(load, judged))
        rows_in = engine.scalar(f"select count(*) from {judged}")
        differing = self._differing()
        duplicates = repeats.settle(engine, load, judged)
        counted = engine.rows(
            f"select _outcome, coalesce(_rule, ''), coalesce(_column, ''), count(*), min(_row) "
            f"from {judged} group by all order by all"
        )
        totals = {
            outcome: sum(n for found, _, _, n, _ in counted if found == outcome)
            for outcome in ("loaded", "quarantined", "excluded")
        }
        return LoadReport(
            load.load.table,
            rows_in,
            **totals,
            duplicates=duplicates,
            rules=tuple(RuleCount(*row) for row in counted if row[0] != "loaded"),
            read=tuple((name, load.headers(name)) for name in load.columns() if load.headers(name)),
            blanked=tuple(self._links_left_empty()),
            lines_per_row=len(load.items) or 1,
            absent=load.absent,
            differing=differing,
            unmapped=self._unmapped(),
        )

    def _unmapped(self) -> tuple[tuple[str, int], ...]:
        """Loaded rows with a word that the project maps to none of ours, by column of free text."""
        found = []
        for column in self.load.contract.columns:
            ours = self.load.load.values.get(column.name)
            if column.role != "text" or not ours or column.name not in self.load.columns():
                continue
            rows = self.engine.scalar(
                f"select count(distinct _row) from {self.judged} where _outcome = 'loaded' "
                f"and not list_contains($ours, {ident(column.name)})",
                {"ours": sorted({*ours.values()})},
            )
            found += [(column.name, rows)] if rows else []
        return tuple(found)

    def _differing(self) -> tuple[tuple[str, int], ...]:
        """Rows in which several headers of one column hold different values, by column."""
        several = self.load.several()
        if not several:
            return ()
        counts = ", ".join(f"count(distinct _row) filter ({ident(c)})" for c in several.values())
        found = self.engine.rows(f"select {counts} from {self.judged}")[0]
        return tuple(zip(several, found, strict=True))

    def _links_left_empty(self) -> list[RuleCount]:
        """Loaded rows in which an optional identifier was left empty, by rule and column."""
        found = []
        for column in self.load.links():
            rule = ident(LINK_RULE + column)
            counted = self.engine.rows(
                f"select {rule}, count(*), min(_row) from {self.judged} "
                f"where _outcome = 'loaded' and {rule} is not null group by 1 order by 1"
            )
            found += [RuleCount("link", name, column, rows, row) for name, rows, row in counted]
        return found

    def _check_dates(self) -> None:
        """Raise :class:`UserError` where a column's dates are, by and large, in another format.

        Some of them would fit all the same, with day and month exchanged.
        """
        found = self.engine.rows(
            f"select _column, count(*) filter (_rule = {text(rules.BAD_DATE)}) as bad, "
            f"(select count(*) from {self.judged} where _outcome <> 'excluded') as judged "
            f"from {self.judged} group by _column order by _column"
        )
        for column, bad, judged in found:
            if bad >= LEAST_BAD_DATES and bad > MOST_BAD_DATES * judged:
                forms = " or ".join(self.load.formats(column))
                problem = f"{self.load.file}: {bad / judged:.0%} of the dates in {column} are not"
                raise UserError(
                    f"{problem} {forms}.",
                    f"Declare how they are written under `formats: {column}:`, or deliver again.",
                )

    def _check_vocabularies(self) -> None:
        load, filled = self.load, self.load.columns()
        problems, fixes = [], []
        for column in load.contract.columns:
            if column.name not in filled or column.role not in _WORDS:
                continue
            allowed = {
                "flag": ("yes", "no", "true", "false", "1", "0"),
                "vocabulary": column.accepted_values,
                "programme": tuple(programme.id for programme in self.settings.programmes),
            }[column.role]
            accepted = [*rules.FLAGS] if column.role == "flag" else [*allowed]
            sql = rules.vocabulary_sql(column, self.judged)
            if found := self.engine.rows(sql, {"allowed": accepted}):
                problems.append(f"{load.load.table}.{column.name} holds {self._odd(found)}")
                fixes.append(
                    f"Map each under `values: {column.name}:` to one of: "
                    f"{', '.join(allowed) or '(no programme is declared)'}."
                )
        if problems:
            raise UserError(f"{load.file}: {'; '.join(problems)}.", " ".join(fixes))

    def _odd(self, found: list[tuple[str, int]]) -> str:
        """Words nobody declared; of a column that is none of words, rows and no texts."""
        rows = self.engine.scalar(f"select count(*) from {self.judged} where _outcome = 'loaded'")
        if len(found) > MOST_WORDS or len(found) * 2 > rows >= LEAST_ROWS:
            first = min(row for _, row in found)
            return f"{len(found):,} different texts (first: row {first:,}); is it another column?"
        return ", ".join(
            repr(word) if _is_word(word) else f"the text in row {row:,}" for word, row in found
        )

    def _map_reasons(self) -> None:
        """Fill the kind of each exit from its reason; stop, or set aside, where there is none."""
        self.engine.run(
            reason_rules.meanings_sql(self.load, self.judged), {"day": self.delivered_on}
        )
        unmapped = reason_rules.unmapped_condition(self.load)
        found = self.engine.rows(
            f"select exit_reason, min(_row) from {self.judged} where {unmapped} "
            "group by exit_reason order by exit_reason"
        )
        if not found:
            return
        if self.settings.history.unmapped_reasons == "stop":
            placed = [(reason, self.place(row)) for reason, row in found]
            raise reasons.unmapped(self.load.file, placed)
        self.engine.run(
            f"update {self.judged} set _outcome = 'quarantined', "
            f"_rule = {text(reason_rules.UNMAPPED)}, _column = 'exit_reason' where {unmapped}"
        )


def _is_word(given: str) -> bool:
    """Whether a text can be a code; it may be shown. Mails, long numbers and remarks are none."""
    return len(given) <= 40 and "@" not in given and not re.search(r"\d{4}|\n", given)
