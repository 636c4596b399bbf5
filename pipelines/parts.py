"""What every part of the project file has in common."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict

from analysis.errors import SpecError
from pipelines.errors import Exit, UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")
# libyaml's, eight times as fast; PyYAML may have been built without it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Part(BaseModel):
    """A part of the project file: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def parse_yaml(text: str) -> Any:
    """The content of a YAML text; raises :class:`yaml.YAMLError`, with either loader the same."""
    try:
        return yaml.load(text, Loader=_LOADER)
    except yaml.YAMLError:
        return yaml.safe_load(text)


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; raises UserError naming the line of a syntax error."""
    return _read(path, parse_yaml)


def _read(path: Path, parse: Callable[[str], T]) -> T:
    """What ``parse`` makes of the text of a YAML file."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UserError(
            f"{path}: line {line}: {error.problem or 'not YAML'}",
            "Correct the indentation or quote the text on that line.",
            Exit.PROJECT,
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise UserError(
            f"{path}: not a YAML text file", "Save it as UTF-8 text.", Exit.PROJECT
        ) from None


def read_spec(path: Path, parse: Callable[[Any], T]) -> T:
    """What ``parse`` makes of a YAML file; raises UserError naming file, key and fix."""
    try:
        return _read(path, partial(_parsed, parse))
    except SpecError as error:
        raise located(path, error) from None


@lru_cache(maxsize=256)
def _parsed(parse: Callable[[Any], T], text: str) -> T:
    """A run reads its project and the shipped sources several times; what it gets is frozen."""
    return parse(parse_yaml(text))


def located(file: Path, error: SpecError) -> UserError:
    """The error of a text that does not say what it must, with the file it stands in."""
    return UserError(f"{file}: {error.key}: {error.problem}", error.fix, Exit.PROJECT)
