"""Keyed pseudonyms: the same person gets the same one, and nobody can go back without the key.

Identifiers that belong to a declared system are first led to their person by the crosswalk.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest import file_names, plain_ids

if TYPE_CHECKING:
    import datetime as dt

    from pipelines.erasure.tombstones import Erased
    from pipelines.ingest.identity.resolver import Resolver
    from pipelines.ingest.mapping import Mapping

# Staged columns: the rule that the person of a row breaks and in which column it does; and for
# an optional identifier the rule for which it was left empty.
PERSON_RULE, PERSON_COLUMN, LINK_RULE = "_person_rule", "_person_column", "_link_"
# The column that says when a row's identifiers were in use, where a load names none.
_DAY_OF = {
    "employment": "hired_on",
    "jobs": "valid_from",
    "performance": "period",
    "matches": "matched_on",
    "sessions": "held_on",
    "surveys": "answered_on",
}
PSEUDONYM_BYTES = 16
# Rule of rows and links whose person was erased; the staged column that says so of a row.
ERASED = "erased"
PERSON_ERASED = "_person_erased"


class Pseudonyms:
    """HMAC-SHA-256 of identifiers under one key; each distinct identifier is computed once.

    Its first half, 128 bits, tells any number of people apart and takes half the room.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._places: dict[str, int] = {}
        self._small: set[str] = set()
        self._values = pa.array([], pa.string())

    def of(self, identifiers: pa.StringArray) -> pa.DictionaryArray:
        """The pseudonyms of a column, as 32 hexadecimal digits; missing stays missing."""
        coded = identifiers.dictionary_encode()
        texts = coded.dictionary.to_pylist()
        places = list(map(self._places.get, texts))
        if None in places:
            self._learn([t for t, place in zip(texts, places, strict=True) if place is None])
            places = list(map(self._places.get, texts))
        values = self._values.take(pa.array(places, pa.int64()))
        return pa.DictionaryArray.from_arrays(coded.indices, values)

    def are_named(self, file: str) -> bool:
        """Whether the name of a file holds an identifier that was seen."""
        self._small = self._small or {text.casefold() for text in self._places}
        return not self._small.isdisjoint(file_names.identifiers(file))

    def near(self) -> list[str]:
        """What to say of identifiers that are nearly the same."""
        return plain_ids.near(self._places)

    def _learn(self, texts: list[str]) -> None:
        """Compute the pseudonyms of identifiers that have not been seen before."""
        self._small.clear()
        for text in texts:
            self._places[text] = len(self._places)
        digests = (hmac.digest(self._key, f"person:{t}".encode(), "sha256") for t in texts)
        made = [digest[:PSEUDONYM_BYTES].hex() for digest in digests]
        self._values = pa.concat_arrays([self._values, pa.array(made, pa.string())])


class Identifiers:
    """Replaces the identifiers of staged rows, by way of the crosswalk where one is declared."""

    def __init__(
        self, key: bytes, resolver: Resolver | None = None, erased: Erased | None = None
    ) -> None:
        self.pseudonyms = Pseudonyms(key)
        self._resolver = resolver
        self._erased = erased or None  # nothing is looked at where nobody was erased

    @property
    def as_they_stand(self) -> bool:
        """Whether no crosswalk leads identifiers to persons."""
        return self._resolver is None

    def remarks(self) -> list[str]:
        """What to say of identifiers taken as they stand, once all rows have been read."""
        return self.pseudonyms.near() if self.as_they_stand else []

    def are_named(self, file: str) -> bool:
        """Whether the name of a file names somebody."""
        by = self._resolver or self.pseudonyms
        return by.are_named(file)

    def replaced(self, mapping: Mapping, staged: dict[str, pa.Array]) -> dict[str, pa.Array]:
        """Pseudonyms for the identifier columns, and the rules by which persons are not known."""
        done: dict[str, pa.Array] = {}
        rule: pa.Array | None = None
        column: pa.Array | None = None
        for known in mapping.contract.columns:
            if known.role != "identifier" or known.name not in staged:
                continue
            text = staged[known.name]
            system = mapping.load.id_systems.get(known.name)
            anchors = text
            if self._resolver is None or system is None:
                broken = plain_ids.damage(text)
            else:
                days = self._days(mapping, staged)
                unknown = mapping.load.unknown_person
                column_name = f"{mapping.source.name}: {mapping.contract.table}.{known.name}"
                anchors, broken = self._resolver.resolve(system, text, days, unknown, column_name)
            if system is None or not known.required:
                anchors = pc.if_else(pc.is_valid(broken), pa.scalar(None, pa.string()), anchors)
            done[known.name] = self._made(anchors)
            gone = self._erased.among(done[known.name]) if self._erased else None
            if not known.required:
                if gone is not None:
                    done[known.name] = pc.if_else(gone, None, done[known.name].cast(pa.string()))
                    broken = pc.if_else(gone, ERASED, broken)
                done[LINK_RULE + known.name] = broken
                continue
            if gone is not None:
                done[PERSON_ERASED] = pc.or_(gone, done.get(PERSON_ERASED, gone))
            named = pc.if_else(pc.is_valid(broken), known.name, pa.scalar(None, pa.string()))
            rule = broken if rule is None else pc.coalesce(rule, broken)
            column = named if column is None else pc.coalesce(column, named)
        return done if rule is None else {**done, PERSON_RULE: rule, PERSON_COLUMN: column}

    def of(
        self, texts: pa.Array, system: str | None, day: dt.date
    ) -> tuple[pa.DictionaryArray, pa.Array]:
        """The pseudonyms of a column of a project's own file, and the rules that cells break."""
        if self._resolver is None or system is None:
            return self._made(texts), plain_ids.damage(texts)
        anchors, broken = self._resolver.resolve(system, texts, day)
        return self._made(anchors), broken

    def kept(self, pseudonyms: pa.Array) -> pa.Array:
        """Of each pseudonym of a project's own file, whether the person may land."""
        if self._erased is None:
            return pa.repeat(pa.scalar(True), len(pseudonyms))
        return pc.invert(self._erased.among(pseudonyms.dictionary_encode()))

    def _made(self, anchors: pa.Array) -> pa.DictionaryArray:
        """The pseudonyms of a column; tombstones of earlier keys are asked by the anchors."""
        made = self.pseudonyms.of(anchors)
        if self._erased is not None:
            self._erased.note(anchors, made)
        return made

    def _days(self, mapping: Mapping, staged: dict[str, pa.Array]) -> pa.Array | dt.date:
        """The day each row speaks of, its delivery where it names none."""
        load = mapping.load
        name = load.id_date or _DAY_OF.get(load.table, "")
        if self._resolver is None or name not in staged:
            return mapping.delivered_on
        days = self._resolver.days(staged[name], mapping.formats(name), load.pivot)
        return pc.coalesce(days, pa.scalar(mapping.delivered_on, pa.date32()))
