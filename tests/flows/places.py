"""Runs made elsewhere and by somebody else, each in a process of its own.

In another time zone, language and encoding, with other hashes of strings, another folder, umask,
home and key.
"""

from __future__ import annotations

import locale
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.flows.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def _foreign() -> str:
    """A language with a decimal comma or its own letter i where there is one, else plain ASCII."""
    before = locale.setlocale(locale.LC_ALL)
    for name in ("tr_TR.UTF-8", "de_DE.UTF-8", "tr_TR.utf8", "de_DE.utf8"):
        try:
            locale.setlocale(locale.LC_ALL, name)
        except locale.Error:
            continue
        locale.setlocale(locale.LC_ALL, before)
        return name
    return "POSIX"


@dataclass(frozen=True)
class Place:
    """Where, when and by whom a run is made."""

    zone: str
    language: str
    seed: str
    umask: int
    key: str
    ascii_only: bool  # whether Python is kept from reading and writing UTF-8 unasked

    def run(self, home: Path, project: Path, data: Path) -> Path:
        """Copy project and data into ``home``, run there, and return the folder of results."""
        shutil.copytree(project, home / "the project")
        shutil.copytree(data, home / "files")
        (home / "key").write_text(self.key * 64 + "\n")
        utf8 = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"} if self.ascii_only else {}
        env = {
            **os.environ,
            **utf8,
            "HOME": str(home),
            "LANG": self.language,
            "LC_ALL": self.language,
            "MENTORLIFT_KEY_FILE": str(home / "key"),
            "PYTHONHASHSEED": self.seed,
            "PYTHONPATH": str(ROOT),
            "TZ": self.zone,
        }
        done = subprocess.run(
            [sys.executable, "-m", "pipelines.cli", "run", "the project", "--data", "files",
             "--out", f"results {self.seed}"],
            cwd=home, env=env, umask=self.umask, capture_output=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode in (0, 9), done.stderr.decode(errors="replace")
        return home / f"results {self.seed}"


PLACES = {
    "east": Place("Pacific/Kiritimati", "C.UTF-8", "0", 0o022, "a", ascii_only=False),
    "west": Place("America/St_Johns", _foreign(), "4242", 0o077, "b", ascii_only=True),
}
