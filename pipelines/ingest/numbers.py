"""Numbers as they are declared: plain text by the decimal mark, and SQL that scales it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

from pipelines.sources.numbers import canonical_numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from pipelines.delivery import Load


def plain(texts: pa.Array, load: Load, column: str, decimal: str | None) -> pa.Array:
    """Texts of a number column with a point for the decimal mark.

    A percent sign says no more than a declared scale, so it is taken off where there is one;
    without one it makes the text no number.
    """
    if column in load.scale_by:
        texts = pc.replace_substring_regex(texts, r"\s*%$", "")
    mark = load.decimal or decimal
    return canonical_numbers(texts, mark) if mark else texts


def scaled_sql(name: str, load: Load, column: str) -> str:
    """SQL for the number in a text column, by its declared scale, as text.

    It is divided where that is exact, so that 57 % is .57 and no more. Without a scale the text
    stays as it is.
    """
    if column not in load.scale_by:
        return name
    factor = load.scale_by[column]
    parts = round(1 / factor) if factor else 0
    exact = parts > 1 and 1 / parts == factor
    by = f"/ {parts}" if exact else f"* {factor!r}"
    return f"cast(try_cast({name} as double) {by} as varchar)"
