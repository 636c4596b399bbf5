"""Whom an erasure is asked for, and what it says of itself at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What was done, without anything about anybody.

    ``rewritten`` are pulled files that held a person; ``remaining`` are files with traces, and
    listed backups that are still there; ``figures`` are files in which a number stands that is
    also an identifier; ``owner`` are files of the project folder that name a person; ``shared``
    counts identifiers and names that other people carry too.
    """

    run: str
    persons: int = 0
    removed: tuple[Path, ...] = ()
    rewritten: tuple[Path, ...] = ()
    shared: int = 0
    searched: int
    tokens: int
    remaining: tuple[Path, ...]
    figures: tuple[Path, ...]
    owner: tuple[Path, ...]
    short: int


@dataclass(frozen=True)
class Wanted:
    """Whom to erase: as the deliveries name them, and everybody whose time to be kept is over."""

    persons: tuple[str, ...] = ()
    expired: bool = False
    on: dt.date | None = None
    reason: str = ""
