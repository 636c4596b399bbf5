"""Dialects: what a system delivers and how it is read, as data; a source goes over its dialect."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError

from analysis.study import explain
from pipelines.delivery import Load
from pipelines.errors import Exit, UserError
from pipelines.parts import Part, parse_yaml

FOLDER = Path(__file__).resolve().parent / "dialects"
# A key names what a canonical column is filled from; the project's choice replaces the dialect's.
_FILLS = ("columns", "constants", "aliases")


class Dialect(Part):
    """One delivery kind of one system; ``assumed`` is what nobody could check in public."""

    system: str
    what: str
    assumed: str = Field(min_length=10)
    layout: dict[str, Any] = Field(default_factory=dict)
    contents: Literal["full", "delta", "rolling"] | None = None
    window_days: int | None = Field(default=None, gt=0)
    null_words: tuple[str, ...] | None = None
    loads: tuple[Load, ...] = Field(min_length=1)


def names(folder: Path | None = None) -> dict[str, Path]:
    """The file of every dialect: those of the project folder go before shipped ones."""
    shipped = {path.stem: path for path in sorted(FOLDER.glob("*.yml"))}
    own = sorted((folder / "dialects").glob("*.yml")) if folder else []
    return shipped | {path.stem: path for path in own}


def read(path: Path) -> tuple[Dialect, dict[str, Any]]:
    """A dialect and its raw content; raises :class:`UserError` naming file, key and fix."""
    try:
        data = parse_yaml(path.read_text(encoding="utf-8"))
        return Dialect.model_validate(data), data
    except ValidationError as error:
        problem = explain(error, Dialect)
        raise UserError(
            f"{path}: {problem.key}: {problem.problem}", problem.fix, Exit.PROJECT
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError):
        fix = "Correct the indentation or quote the text; dialects are UTF-8 text."
        raise UserError(f"{path}: not a YAML text file", fix, Exit.PROJECT) from None


@cache
def shipped() -> dict[str, Dialect]:
    """Every shipped dialect by name."""
    return {name: read(path)[0] for name, path in names().items()}


def applied(data: Any, folder: Path | None = None) -> Any:
    """A source as written, over what its dialect says; unchanged where it names none.

    Keys of the source replace those of the dialect; ``loads`` extend the dialect's load of the
    same table, column by column, and an empty value takes a column out; ``tables`` picks loads.
    """
    if not isinstance(data, dict) or not isinstance(data.get("dialect"), str):
        return data
    known = names(folder)
    name = data["dialect"]
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        raise UserError(
            f"dialect: there is no dialect {name!r}",
            f"{hint}`mentorlift dialects` lists them; your own lie in dialects/ of the project.",
            Exit.PROJECT,
        )
    dialect, raw = read(known[name])
    said = {k: raw[k] for k in ("contents", "window_days", "null_words") if k in raw}
    loads = [
        load for load in raw["loads"] if load["table"] in (data.get("tables") or [load["table"]])
    ]
    return {**dialect.layout, **said, **data, "loads": _loads(loads, data.get("loads") or [])}


def _loads(base: list[dict[str, Any]], own: Any) -> Any:
    """The dialect's loads with the project's over them, the nth of a table over its nth."""
    if not isinstance(own, list) or not all(isinstance(load, dict) for load in own):
        return own  # validation names the mistake
    merged = list(base)
    taken: set[int] = set()
    for load in own:
        at = next(
            (i for i, b in enumerate(base) if i not in taken and b["table"] == load.get("table")),
            None,
        )
        if at is None:
            merged.append(load)
        else:
            taken.add(at)
            merged[at] = _over(base[at], load)
    return merged


def _over(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    filled = {name for key in _FILLS for name in (own.get(key) or {})}
    merged = dict(base)
    for key in _FILLS:
        merged[key] = {k: v for k, v in (base.get(key) or {}).items() if k not in filled}
    for key, value in own.items():
        before = merged.get(key)
        both = isinstance(value, dict) and isinstance(before, dict) and key != "unpivot"
        merged[key] = _joined(before, value) if both else value
    return merged


def _joined(before: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Both, the project's over the dialect's; words of one column are joined, empty ones go."""
    joined = dict(before)
    for name, value in own.items():
        both = isinstance(value, dict) and isinstance(joined.get(name), dict)
        joined[name] = {**joined[name], **value} if both else value
    return {name: value for name, value in joined.items() if value is not None}
