"""The company that is killed: small, with a bit of everything that a run writes.

Two systems that are joined (a crosswalk), rows for the quarantine, exact copies, a person who was
erased (rows excluded), one version in service, and a changed delivery that waits for its run.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.flows.conftest import KEY, Firm, join_systems, write_firm

if TYPE_CHECKING:
    from pathlib import Path

ERASED, TO_ERASE = "E0006", "E0011"


def write(folder: Path) -> Firm:
    """The company before its first run; the key lies beside it."""
    firm = write_firm(folder)
    (folder / "key").write_text(KEY + "\n")
    join_systems(firm)
    meetings = (firm.data / "meetings.csv").read_text().splitlines()
    strange = "quaxelrod0002@firm.example,the third"
    (firm.data / "meetings.csv").write_text("\n".join([*meetings, meetings[1], strange]) + "\n")
    return firm


def deliver(firm: Firm) -> None:
    """The delivery that comes after the first run."""
    firm.edit("sales.csv", "E0001,2025-01,", "E0001,2025-01,1")
    with (firm.data / "meetings.csv").open("a") as file:
        file.write("quaxelrod0004@firm.example,2025-05-09\n" * 2)


def rows_in(firm: Firm) -> dict[str, int]:
    """Rows of each delivered file, counted here."""
    return {p.name: len(p.read_text().splitlines()) - 1 for p in sorted(firm.data.glob("*.csv"))}


def copy(firm: Firm, folder: Path) -> Firm:
    """The company with its results, in another folder."""
    shutil.copytree(firm.project.parent, folder)
    return Firm.below(folder)
