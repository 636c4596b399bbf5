"""Sees that files have arrived, and arrived whole, by looking at the data folder now and then."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines import publish, workspace
from pipelines.config import load_project
from pipelines.errors import UserError
from pipelines.ingest.files import input_hashes, present, stamp_of
from pipelines.timetable import zone_named

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.config import Settings

# Names under which programs write what is not complete yet.
UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload")
LOOK_EVERY = 30  # seconds; a file that does not change in between has arrived


@dataclass
class Watch:
    """What has been seen of a data folder; ``read`` are the files that the last run was about."""

    project: Path
    data: Path
    read: dict[str, str]
    _seen: dict[str, tuple[int, ...]] | None = None
    _decided: Any = field(default=None)

    @classmethod
    def of(cls, project: Path, data: Path, out: Path) -> Watch:
        """A watch that knows what the run in force in ``out`` has read."""
        return cls(project, data, read_by(out))

    def look(self, day: dt.date) -> bool:
        """Whether files are there, unchanged since the last look, that no run has been about.

        ``day`` is today: files dated later do not count yet. A source without any file is waited
        for. Raises :class:`UserError` where project or files cannot be used.
        """
        settings = load_project(self.project).settings
        now = _stamps(settings, self.data)
        settled, self._seen = now == self._seen and bool(now), now
        if not settled or self._decided == (now, day):
            return False
        self._decided = (now, day)
        hashes = input_hashes(settings, self.data, day)
        new, self.read = hashes != self.read, hashes
        return new

    def again(self) -> None:
        """Forget what was decided: nothing came of it, and the same files count as new."""
        self.read, self._decided = {}, None


def today(zone: str) -> dt.date:
    """The date in a time zone, now."""
    return dt.datetime.now(zone_named(zone)).date()


def read_by(out: Path) -> dict[str, str]:
    """The files that the run in force has read, with their hashes; empty where there is none."""
    try:
        saved = workspace.read_json(publish.in_force(workspace.Workspace(out, "")).manifest)
    except (UserError, OSError):
        return {}
    return dict(saved["inputs"])


def _stamps(settings: Settings, data: Path) -> dict[str, tuple[int, ...]]:
    """Size and time of every delivered file; empty while one is still being written or missing."""
    stamps: dict[str, tuple[int, ...]] = {}
    for source in settings.sources:
        try:
            found = {path.as_posix(): stamp_of(path) for path in present(source, data)}
        except (UserError, OSError):  # none yet, or one was taken away while we looked
            return {}
        if any(name.lower().endswith(UNFINISHED) for name in found):
            return {}
        stamps |= found
    return stamps
