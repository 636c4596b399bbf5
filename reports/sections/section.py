"""What a section of the report is: a heading, a template, and the values the template prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from reports.model import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section. ``view`` turns the report into the values of ``sections/<id>.html.j2``."""

    id: str
    nav: str
    title: str
    intro: str
    view: Callable[[Report], dict[str, Any]]

    @property
    def template(self) -> str:
        """The template partial, named like the section."""
        return f"sections/{self.id}.html.j2"
