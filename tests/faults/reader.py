"""Somebody who reads all the time: through the pointer, and the files beside it."""

from __future__ import annotations

import os
import select
from collections import Counter
from typing import TYPE_CHECKING

from pipelines.publish import resolve
from pipelines.workspace import ARTIFACTS
from tests.faults import content

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAUSE = 0.05  # seconds between two looks: it shall not take the run's processor


class Reader:
    """A process that looks at a folder until told to stop; use it as a context manager.

    ``versions`` are the names of whole warehouses with the hash of their rows, ``artifacts`` the
    hashes that each artifact may have.
    """

    def __init__(self, out: Path, versions: dict[str, str], artifacts: dict[str, set[str]]) -> None:
        self._out, self._versions, self._artifacts = out, versions, artifacts
        self.seen: Counter[str] = Counter()
        self.torn: list[str] = []
        self._read_whole: dict[Path, tuple[int, int, int]] = {}

    def __enter__(self) -> Reader:
        ask, self._ask = os.pipe()
        self._answer, answer = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            self._read(ask, answer)
        os.close(ask)
        os.close(answer)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._ask)
        with os.fdopen(self._answer) as told:
            for line in told.read().splitlines():
                if line.startswith("torn "):
                    self.torn.append(line)
                else:
                    name, number = line.split()
                    self.seen[name] += int(number)
        _, status = os.waitpid(self._child, 0)
        if status:
            self.torn.append(f"torn reader: ended with {os.waitstatus_to_exitcode(status)}")

    def _read(self, ask: int, answer: int) -> None:
        code = 1
        try:
            os.close(self._ask)
            while not select.select([ask], [], [], PAUSE)[0]:
                self._look()
            self._look()
            lines = [f"{name} {number}" for name, number in self.seen.items()] + self.torn
            os.write(answer, "\n".join(lines).encode())
            code = 0
        finally:
            os._exit(code)

    def _look(self) -> None:
        self._try("warehouse", self._warehouse)
        for name in ARTIFACTS:
            self._try(name, lambda name=name: self._artifact(name))

    def _try(self, what: str, look: Callable[[], str]) -> None:
        try:
            self.seen[look()] += 1
        except Exception as error:
            self.torn.append(f"torn {what}: {type(error).__name__} {error}".replace("\n", " "))

    def _warehouse(self) -> str:
        path = resolve(self._out / "warehouse")
        if self._is_new(path) and content.tables(path) != self._versions[path.name]:
            raise ValueError("other rows than the version has")
        return path.name

    def _artifact(self, name: str) -> str:
        path = self._out / name
        if self._is_new(path) and content.digest(path) not in self._artifacts[name]:
            raise ValueError("neither the old nor the new one")
        return name

    def _is_new(self, path: Path) -> bool:
        """Whether a file is another than at the last look, or was written to since."""
        found = path.stat()
        state = (found.st_ino, found.st_mtime_ns, found.st_size)
        before, self._read_whole[path] = self._read_whole.get(path), state
        return state != before
