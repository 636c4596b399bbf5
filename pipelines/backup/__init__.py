"""One archive of an output folder, and the folder again from it, every byte and figure verified."""

from pipelines.backup.restore import Places, restore
from pipelines.backup.write import backup

FAULTS = (
    "backup-written", "backup-listed", "restore-unpacked", "restore-proved", "restore-aside",
)  # fmt: skip

__all__ = ["FAULTS", "Places", "backup", "restore"]
