"""What was shown since the backup stays remembered: later reports are held against it as well.

A backup knows nothing of reports that were made after it. Where a folder in reach does, its entries
and the sets of people they name are taken over.
"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from pipelines.memory.store import FOLDER, SETS, entry_files
from pipelines.publish import make_private
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_SET = re.compile(r"[0-9a-f]{32}")


def bring(made: Path, folders: Iterable[Path]) -> None:
    """Take over entries that the restored folder lacks, with their sets; those it has stay."""
    target = Workspace(made, "").private / FOLDER
    for private in (Workspace(folder, "").private for folder in folders):
        source = private / FOLDER
        for entry in entry_files(private):
            if (target / entry.name).exists():
                continue
            for folder in (target, target / SETS):
                make_private(folder)
            for name in sorted(set(_SET.findall(entry.read_text(encoding="utf-8")))):
                if (source / SETS / name).is_file() and not (target / SETS / name).exists():
                    shutil.copy(source / SETS / name, target / SETS / name)
            shutil.copy(entry, target / entry.name)
