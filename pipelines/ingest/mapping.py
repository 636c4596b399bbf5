"""From a file's columns to canonical ones, batch by batch, before anything is stored."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.numbers import plain
from pipelines.ingest.pseudonym import ERASED, PERSON_ERASED
from pipelines.ingest.values import cells

if TYPE_CHECKING:
    from pipelines.delivery import Load, Source
    from pipelines.ingest.pseudonym import Identifiers
    from pipelines.models import Contract
    from pipelines.sources import Batch

ROW_NUMBER = "@row"
DELIVERED_ON = "@delivered_on"
PSEUDO = (ROW_NUMBER, DELIVERED_ON)
KEEP = "_excluded"
SUPPRESSED = "suppressed"


@dataclass(frozen=True)
class Mapping:
    """What one load reads from one file; ``load`` names headers as the file spells them.

    ``items`` are the columns that become lines, ``absent`` the canonical columns that no header
    of the file stands for.
    """

    source: Source
    load: Load
    contract: Contract
    file: str
    delivered_on: dt.date = dt.date.min
    items: dict[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()

    def columns(self) -> list[str]:
        """Canonical columns the load fills, in the order of the contract."""
        filled = {*self.load.columns, *self.load.constants}
        if self.load.unpivot:
            filled |= {self.load.unpivot.item, self.load.unpivot.value}
        if self.load.suppressed:
            filled.add(SUPPRESSED)
        return [c.name for c in self.contract.columns if c.name in filled]

    def headers(self, name: str) -> tuple[str, ...]:
        """Headers of the file that one canonical column is read from, in their order."""
        given = self.load.columns.get(name, ())
        return (given,) if isinstance(given, str) else given

    def several(self) -> dict[str, str]:
        """Staged column that says where the headers of a canonical column differ, by its name."""
        return {n: f"_differs_{n}" for n in self.columns() if len(self.headers(n)) > 1}

    def formats(self, name: str) -> tuple[str, ...]:
        """Date formats of a canonical column."""
        declared = self.load.formats.get(name, "iso")
        forms = (declared,) if isinstance(declared, str) else declared
        return (*forms, "iso") if DELIVERED_ON in self.headers(name) else forms

    def attribute_columns(self) -> dict[str, str]:
        """Staged column of each attribute, by its name in the file."""
        return {name: f"_attribute_{i}" for i, name in enumerate(self.load.attributes)}

    def links(self) -> list[str]:
        """Optional identifiers: left empty where they name nobody."""
        known = [c for c in self.contract.columns if c.role == "identifier" and not c.required]
        filled = self.columns()
        return [c.name for c in known if c.name in filled]

    def people(self) -> set[str]:
        """Headers of the file that hold identifiers of people."""
        known = [c.name for c in self.contract.columns if c.role == "identifier"]
        return {header for name in known for header in self.headers(name)}

    def used(self) -> set[str]:
        """Headers of the file the load reads."""
        named = {h for name in self.load.columns for h in self.headers(name)}
        filters = {*self.load.keep_if, *self.load.drop_if}
        return (named | filters | {*self.load.attributes} | {*self.items}) - {*PSEUDO}


def stage(mapping: Mapping, batch: Batch, identifiers: Identifiers) -> pa.Table:
    """The canonical columns of a batch, identifiers replaced; `_excluded` names a failed rule."""
    load = mapping.load
    roles = {c.name: c.role for c in mapping.contract.columns}
    staged: dict[str, pa.Array] = {}
    for name in mapping.columns():
        if name in load.constants:
            text = pa.repeat(pa.scalar(load.constants[name], pa.string()), len(batch))
        elif mapping.headers(name):
            read = [_cells(mapping, batch, name, header) for header in mapping.headers(name)]
            text = read[0] if len(read) == 1 else pc.coalesce(*read)
            if len(read) > 1:
                written = [h not in PSEUDO for h in mapping.headers(name)]
                staged[mapping.several()[name]] = _differ(list(compress(read, written)))
            if roles[name] == "number":
                text = plain(text, load, name, mapping.source.decimal)
        else:
            continue  # made of the columns that become lines
        staged[name] = text
    staged |= identifiers.replaced(mapping, staged)
    for header, name in mapping.attribute_columns().items():
        staged[name] = cells(batch.columns[header], load, "", mapping.source.null_words)
    staged[KEEP] = _excluded(load, batch)
    if PERSON_ERASED in staged:
        staged[KEEP] = pc.if_else(staged.pop(PERSON_ERASED), ERASED, staged[KEEP])
    staged["_row"] = batch.rows
    if load.unpivot:
        staged = _lines(mapping, batch, staged)
    if load.suppressed:
        _flag_suppressed(mapping, staged)
    return pa.table(staged)


def _cells(mapping: Mapping, batch: Batch, name: str, header: str) -> pa.Array:
    """One column of the file, or what a pseudo header stands for, as the load reads it."""
    if header == ROW_NUMBER:
        return batch.data_rows.cast(pa.string())
    if header == DELIVERED_ON:
        day = mapping.delivered_on.isoformat()
        return pa.repeat(pa.scalar(day, pa.string()), len(batch))
    return cells(batch.columns[header], mapping.load, name, mapping.source.null_words)


def _differ(read: list[pa.Array]) -> pa.Array:
    """Where a later column holds another value than the one that counts."""
    first = pc.coalesce(*read)
    others = [pc.fill_null(pc.not_equal(column, first), False) for column in read]
    differs = others[0]
    for other in others[1:]:
        differs = pc.or_(differs, other)
    return differs


def _lines(mapping: Mapping, batch: Batch, staged: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """Every row once for each item column, in the order of the rows."""
    assert mapping.load.unpivot is not None
    rows, items = len(batch), len(mapping.items)
    value = mapping.load.unpivot.value
    null_words = mapping.source.null_words
    by_row = pa.array(np.repeat(np.arange(rows), items))
    across = pa.array(np.arange(rows * items).reshape(items, rows).T.ravel())
    lines = {name: column.take(by_row) for name, column in staged.items()}
    read = [
        cells(batch.columns[header], mapping.load, value, null_words) for header in mapping.items
    ]
    texts = pa.concat_arrays(read).take(across)
    lines[value] = plain(texts, mapping.load, value, mapping.source.decimal)
    names = pa.array(list(mapping.items.values()), pa.string())
    lines[mapping.load.unpivot.item] = names.take(pa.array(np.tile(np.arange(items), rows)))
    return lines


def _flag_suppressed(mapping: Mapping, staged: dict[str, pa.Array]) -> None:
    """A cell that hides its figure is flagged and has no value; it is never read as a figure."""
    words = pa.array([w.casefold() for w in mapping.load.suppressed], pa.string())
    hidden = pc.is_in(pc.utf8_lower(staged["value"]), value_set=words)
    staged["value"] = pc.if_else(hidden, pa.scalar(None, pa.string()), staged["value"])
    staged[SUPPRESSED] = pc.if_else(hidden, "yes", "no")


def _excluded(load: Load, batch: Batch) -> pa.Array:
    """The first keep_if or drop_if that takes a row out, by its name."""
    rule = pa.nulls(len(batch), pa.string())
    for header, allowed in load.keep_if.items():
        text = pc.fill_null(pc.utf8_trim_whitespace(batch.columns[header]), "")
        kept = pc.is_in(text, value_set=pa.array(list(allowed), pa.string()))
        rule = pc.if_else(pc.or_(kept, pc.is_valid(rule)), rule, f"keep_if {header}")
    for header, words in load.drop_if.items():
        text = pc.utf8_lower(pc.fill_null(pc.utf8_trim_whitespace(batch.columns[header]), ""))
        dropped = pc.is_in(text, value_set=pa.array([w.casefold() for w in words], pa.string()))
        rule = pc.if_else(pc.or_(pc.invert(dropped), pc.is_valid(rule)), rule, f"drop_if {header}")
    return rule
