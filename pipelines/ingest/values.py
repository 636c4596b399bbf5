"""Cells as they are declared: trimmed text, null words taken out, words replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.dates import english_months

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.delivery import Load


def cells(array: pa.Array, load: Load, name: str, null_words: tuple[str, ...]) -> pa.Array:
    """Trimmed text of a column with its words replaced and its null words taken out."""
    text = pc.utf8_trim_whitespace(array)
    if not pa.types.is_dictionary(text.type) and not _by_word(load, name):
        missing = pc.is_in(text, value_set=pa.array(null_words, pa.string()))
        return pc.if_else(missing, pa.scalar(None, pa.string()), text)
    coded = text.dictionary_encode()
    word = _word(load, name, null_words)
    values = [None if v is None else word(v) for v in coded.dictionary.to_pylist()]
    return pa.array(values, pa.string()).take(coded.indices)


def _by_word(load: Load, name: str) -> bool:
    return name in load.values or name in load.null_words or _months(load, name) is not None


def _word(load: Load, name: str, null_words: tuple[str, ...]) -> Callable[[str], str | None]:
    """What one distinct cell stands for; the spelling as declared goes before any other case."""
    values = load.values.get(name, {})
    folded = {given.casefold(): canonical for given, canonical in values.items()}
    nulls = {word.casefold() for word in load.null_words.get(name, ())}
    months = _months(load, name)

    def word(given: str) -> str | None:
        if given in values:
            return values[given]
        known = given.casefold()
        if known in folded:
            return folded[known]
        if given in null_words or known in nulls:
            return None
        return months(given) if months else given

    return word


def _months(load: Load, name: str) -> Callable[[str], str] | None:
    forms = load.formats.get(name, ())
    named = next((f for f in ((forms,) if isinstance(forms, str) else forms) if _names(f)), None)
    return english_months(load.locale, named) if named and load.locale else None


def _names(form: str) -> bool:
    return "%b" in form or "%B" in form
