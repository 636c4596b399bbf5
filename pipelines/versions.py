"""The versions of every kind of file that is written and read again: the one list of them.

A file says its version: databases in ``mentorlift.file``, JSON under ``schema_version``. A file
that says none is of the first. Whoever changes a form raises its number here and writes the step in
`pipelines/upgrade/`; a form that only gained a key which may be absent keeps its number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

KEY = "schema_version"
SCHEMAS = {
    "warehouse": 2,  # warehouse-RUN.duckdb
    "analyst": 2,  # analyst.duckdb
    "identity": 2,  # private/identity.duckdb
    "ledger": 2,  # ledger.json, the deliveries of earlier runs
    "manifest": 1,  # runs/RUN/manifest.json
    "record": 1,  # runs/RUN/record.json
    "asked": 1,  # runs/RUN/work/asked.json
    "registry": 1,  # each line of registered_studies.jsonl
    "tombstones": 1,  # private/tombstones.json
    "erasing": 2,  # private/erasing.json; the first version is a list of what is looked for
    "shown": 1,  # private/shown/RUN.json, what a run showed of whom
    "keys": 1,  # private/keys.json, which key followed which
    "backups": 1,  # private/backups.json, the list of backups
    "backup": 1,  # index.json of a backup
}
_NEWER = "Install that version of mentorlift or a later one; this one leaves the file as it is."


class Newer(UserError):
    """A file of a later version: nothing may be written over what it holds."""


def checked(kind: str, found: Any, path: Path) -> int:
    """The version that a file says it has; ``found`` is None where it says none.

    Raises :class:`UserError` where it is newer than this code, or no version.
    """
    if found is None:
        return 1
    if type(found) is not int or found < 1:
        fix = "Restore the file from a backup."
        raise UserError(f"{path}: {KEY} is not the number of a version", fix)
    if found > SCHEMAS[kind]:
        raise Newer(
            f"{path}: written by a newer mentorlift ({kind} version {found}; "
            f"this one knows up to {SCHEMAS[kind]})",
            _NEWER,
        )
    return found


def stamped(kind: str, document: dict[str, Any]) -> dict[str, Any]:
    """The document with the version of its kind before all else."""
    return {KEY: SCHEMAS[kind], **document}
