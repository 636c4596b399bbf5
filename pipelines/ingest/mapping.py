"""From a file's columns to canonical ones, batch by batch, before anything is stored."""

from __future__ import annotations

import datetime as dt
import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import Exit, UserError

if TYPE_CHECKING:
    from pipelines.delivery import Load, Source
    from pipelines.ingest.pseudonym import Identifiers
    from pipelines.models import Contract
    from pipelines.sources import Batch

ROW_NUMBER = "@row"
KEEP = "_excluded"


@dataclass(frozen=True)
class Mapping:
    """How one load of one file is read, checked against the table it feeds and the header."""

    source: Source
    load: Load
    contract: Contract
    file: str
    delivered_on: dt.date = dt.date.max

    def columns(self) -> list[str]:
        """Canonical columns the load fills, in the order of the contract."""
        filled = self.load.columns.keys() | self.load.constants.keys()
        return [c.name for c in self.contract.columns if c.name in filled]

    def attribute_columns(self) -> dict[str, str]:
        """Staged column of each attribute, by its name in the file."""
        return {name: f"_attribute_{i}" for i, name in enumerate(self.load.attributes)}

    def links(self) -> list[str]:
        """Optional identifiers that the crosswalk resolves: left empty where it cannot."""
        known = [c for c in self.contract.columns if c.role == "identifier" and not c.required]
        filled = self.columns()
        return [c.name for c in known if c.name in filled and c.name in self.load.id_systems]

    def used(self) -> set[str]:
        """Headers of the file the load reads."""
        read = {*self.load.columns.values(), *self.load.keep_if, *self.load.attributes}
        return read - {ROW_NUMBER}


def check(mapping: Mapping, header: tuple[str, ...]) -> None:
    """Raise :class:`UserError` when the load names columns the table or the file has not."""
    load, table = mapping.load, mapping.contract.table
    known = [c.name for c in mapping.contract.columns if c.role and c.role != "attributes"]
    for name in [*load.columns, *load.constants, *load.values, *load.formats]:
        if name not in known:
            problem = f"Source {mapping.source.name}: {table} has no column {name!r}."
            raise UserError(problem, _near(name, known, "The table's columns"), Exit.PROJECT)
    _check_id_systems(mapping)
    filled = mapping.columns()
    for column in mapping.contract.columns:
        if column.required and column.name not in filled:
            problem = f"Source {mapping.source.name}: {table} needs the column {column.name!r}."
            fix = "Name the file's column for it under columns, or a fixed text under constants."
            raise UserError(problem, fix, Exit.PROJECT)
    for name in sorted(mapping.used()):
        if name not in header:
            problem = f"{mapping.file}: there is no column {name!r}, which {table} reads."
            raise UserError(problem, _near(name, list(header), "The file's columns"))


def _check_id_systems(mapping: Mapping) -> None:
    columns = mapping.contract.columns
    identifiers = [c.name for c in columns if c.role == "identifier"]
    dates = [c.name for c in columns if c.role in {"date", "month"}]
    named = [(name, identifiers, "id_systems") for name in mapping.load.id_systems]
    if mapping.load.id_date:
        named.append((mapping.load.id_date, dates, "id_date"))
    for name, known, key in named:
        if name not in known:
            table = mapping.contract.table
            problem = f"Source {mapping.source.name}: {key}: {table} has no such column {name!r}."
            raise UserError(problem, _near(name, known, "Such columns"), Exit.PROJECT)


def stage(mapping: Mapping, batch: Batch, identifiers: Identifiers) -> pa.Table:
    """The canonical columns of a batch, identifiers replaced; `_excluded` names a failed rule."""
    load = mapping.load
    staged: dict[str, pa.Array] = {}
    for name in mapping.columns():
        if name in load.constants:
            text = pa.repeat(pa.scalar(load.constants[name], pa.string()), len(batch))
        elif load.columns[name] == ROW_NUMBER:
            text = batch.data_rows.cast(pa.string())
        else:
            text = _read(mapping, batch.columns[load.columns[name]], load.values.get(name, {}))
        staged[name] = text
    staged |= identifiers.replaced(mapping, staged)
    for header, name in mapping.attribute_columns().items():
        staged[name] = _read(mapping, batch.columns[header], {})
    staged[KEEP] = _excluded(load, batch)
    staged["_row"] = batch.rows
    return pa.table(staged)


def _read(mapping: Mapping, array: pa.Array, values: dict[str, str]) -> pa.Array:
    """Trimmed text with the declared values replaced and the null words taken out."""
    text = pc.utf8_trim_whitespace(array)
    replaced = text
    for given, canonical in values.items():
        replaced = pc.if_else(pc.equal(pc.fill_null(text, ""), given), canonical, replaced)
    null_words = pa.array([w for w in mapping.source.null_words if w not in values], pa.string())
    missing = pc.is_in(text, value_set=null_words)
    return pc.if_else(missing, pa.scalar(None, pa.string()), replaced)


def _excluded(load: Load, batch: Batch) -> pa.Array:
    rule = pa.nulls(len(batch), pa.string())
    for header, allowed in load.keep_if.items():
        text = pc.fill_null(pc.utf8_trim_whitespace(batch.columns[header]), "")
        kept = pc.is_in(text, value_set=pa.array(list(allowed), pa.string()))
        rule = pc.if_else(pc.or_(kept, pc.is_valid(rule)), rule, f"keep_if {header}")
    return rule


def _near(name: str, known: list[str], what: str) -> str:
    folded = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    if close:
        return f"Did you mean {folded[close[0]]!r}? Correct the name in the project file."
    shown = ", ".join(sorted(known)[:20]) + (", ..." if len(known) > 20 else "")
    return f"{what} are: {shown}. Correct the project file, or deliver the column."
