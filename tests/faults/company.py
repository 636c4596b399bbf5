"""The company that is killed: small, with a bit of everything that a run writes.

Two systems that are joined (a crosswalk), rows for the quarantine, exact copies, a person who was
erased (rows excluded), one version in service, and a changed delivery that waits for its run.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import yaml

from tests.flows.conftest import KEY, Firm, write_firm

if TYPE_CHECKING:
    from pathlib import Path

ERASED, TO_ERASE = "E0006", "E0011"
PEOPLE = 60
_WORKERS = """
name: workers
file: workers.csv
delivered_on: 2025-12-31
loads:
  - table: people
    columns: {person_id: employee}
    id_systems: {person_id: number}
"""
_IDENTITY = """
systems: {number: {kind: text}, mail: {kind: mail}}
links: [{source: workers, ids: {number: employee, mail: mail}}]
master: [workers]
"""


def write(folder: Path) -> Firm:
    """The company before its first run; the key lies beside it."""
    firm = write_firm(folder)
    (folder / "key").write_text(KEY + "\n")
    path = firm.project / "mentorlift.yml"
    project = yaml.safe_load(path.read_text())
    project["identity"] = yaml.safe_load(_IDENTITY)
    for source in project["sources"]:
        system = "mail" if source["name"] == "meetings" else "number"
        source["loads"][0]["id_systems"] = {"person_id": system}
    project["sources"].append(yaml.safe_load(_WORKERS))
    path.write_text(yaml.safe_dump(project))
    lines = [f"E{n:04d},mail{n:04d}@firm.example" for n in range(PEOPLE)]
    (firm.data / "workers.csv").write_text("\n".join(["employee,mail", *lines]) + "\n")
    head, *rows = (firm.data / "meetings.csv").read_text().splitlines()
    rows = [f"mail{row[1:5]}@firm.example{row[5:]}" for row in rows]
    strange = ["nobody@out.example,2025-04-01", "mail0002@firm.example,the third"]
    (firm.data / "meetings.csv").write_text("\n".join([head, *rows, rows[0], *strange]) + "\n")
    return firm


def deliver(firm: Firm) -> None:
    """The delivery that comes after the first run."""
    firm.edit("sales.csv", "E0001,2025-01,", "E0001,2025-01,1")
    with (firm.data / "meetings.csv").open("a") as file:
        file.write("mail0004@firm.example,2025-05-09\n" * 2)


def rows_in(firm: Firm) -> dict[str, int]:
    """Rows of each delivered file, counted here."""
    return {p.name: len(p.read_text().splitlines()) - 1 for p in sorted(firm.data.glob("*.csv"))}


def copy(firm: Firm, folder: Path) -> Firm:
    """The company with its results, in another folder."""
    shutil.copytree(firm.project.parent, folder)
    return Firm.below(folder)
