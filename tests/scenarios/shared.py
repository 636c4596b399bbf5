"""What scenarios of one seed have in common is made once: results of pure functions, kept.

A call whose arguments equal those of an earlier one, value by value, gets that call's result.
Arrays that go in or come out are made read-only, so that whoever writes to one fails loudly.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def same(one: Any, other: Any) -> bool:
    """Whether two arguments are equal, whole; arrays also in their type."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        if one.dtype != other.dtype or one.shape != other.shape:
            return False
        return bool(np.array_equal(one, other, equal_nan=one.dtype.kind in "fM"))
    if is_dataclass(one):
        names = [f.name for f in fields(one)]
        return all(same(getattr(one, n), getattr(other, n)) for n in names)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, (int, float, str)) and one == other


def frozen(value: Any) -> Any:
    """The value with its arrays made read-only."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif isinstance(value, tuple):
        for part in value:
            frozen(part)
    elif is_dataclass(value):
        for field in fields(value):
            frozen(getattr(value, field.name))
    return value


class Once:
    """A pure function whose results are kept.

    ``rests_on`` gives of the arguments what the result rests on, where that is not all of them;
    ``copied`` for results that callers write to.
    """

    def __init__(
        self, made: Callable[..., Any], rests_on: Callable[..., tuple[Any, ...]] | None = None,
        *, copied: bool = False,
    ) -> None:  # fmt: skip
        self._made, self._rests_on, self._copied = made, rests_on, copied
        self._known: list[tuple[tuple[Any, ...], Any]] = []

    def __call__(self, *given: Any, **named: Any) -> Any:
        """The result, read-only unless copied."""
        key = self._rests_on(*given) if self._rests_on else (*given, *named.items())
        found = [result for known, result in self._known if same(known, key)]
        result = found[0] if found else frozen(self._made(*given, **named))
        if not found:
            self._known.append((frozen(key), result))
        return result.copy() if self._copied else result
