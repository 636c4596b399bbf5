"""Which keys an output folder has had: one follows another, and the runs are one history."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pipelines.errors import Exit, UserError
from pipelines.publish import write_private
from pipelines.versions import KEY, checked, stamped

if TYPE_CHECKING:
    from pathlib import Path

FILE = "keys.json"


@dataclass(frozen=True)
class Chain:
    """Ids of keys in the order in which they were in use; ``pending`` while a change goes on."""

    ids: tuple[str, ...] = ()
    pending: bool = False

    def joins(self, one: str, other: str) -> bool:
        """Whether runs under these keys are of one history: the key is the same, or followed it."""
        return one == other or {one, other} <= {*self.ids}


def read(private: Path) -> Chain:
    """The keys of an output folder; none are told where its key was never changed."""
    path = private / FILE
    if not path.is_file():
        return Chain()
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        checked("keys", told.get(KEY), path)
        return Chain(tuple(map(str, told["ids"])), bool(told["pending"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        fix = "Restore it from a backup, or remove it: it says which key followed which."
        raise UserError(f"{path}: not a list of keys", fix, Exit.PROJECT) from None


def write(private: Path, chain: Chain) -> None:
    """Write the keys of an output folder, readable by its owner alone."""
    write_private(private / FILE, json.dumps(stamped("keys", asdict(chain)), indent=1) + "\n")
