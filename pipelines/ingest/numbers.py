"""Numbers as they are declared: SQL that reads a text by its decimal sign and scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.engine import quote_text as text

if TYPE_CHECKING:
    from pipelines.delivery import Load

# With a decimal comma, groups of thousands may stand between points, spaces or apostrophes.
_GROUP = r"[.''’    ]"
_COMMA = rf"^[+-]?(\d{{1,3}}({_GROUP}\d{{3}})+|\d*)(,\d*)?([eE][+-]?\d+)?$"


def number_sql(name: str, load: Load, column: str) -> str:
    """SQL for the number in a text column as text; null when it is none as declared.

    Without a declaration the file's own text is kept.
    """
    given = name
    if column in load.scale_by:  # the sign says the same as the declared scale
        given = f"rtrim(rtrim({given}, '%'), '  ')"
    if load.decimal == ",":
        plain = f"replace(regexp_replace({given}, {text(_GROUP)}, '', 'g'), ',', '.')"
        given = f"case when regexp_matches({given}, {text(_COMMA)}) then {plain} end"
    if column not in load.scale_by:
        return given
    return f"cast({_scaled(f'try_cast({given} as double)', load.scale_by[column])} as varchar)"


def _scaled(number: str, factor: float) -> str:
    """Times the factor; by a division where that is exact, so that 57 % is .57 and no more."""
    parts = round(1 / factor) if factor else 0
    if parts > 1 and 1 / parts == factor:
        return f"{number} / {parts}"
    return f"{number} * {factor!r}"
