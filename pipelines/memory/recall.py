"""What the memory says to a run: what was shown before it, of which people.

A run that is made again looks at the runs that it looked at first, so that it gives the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.disclosure import restore
from analysis.release.ledger import Ledger, Shown
from analysis.release.renewal import Before
from pipelines.errors import Exit, UserError
from pipelines.keys import key_path
from pipelines.memory.store import (
    FOLDER,
    RESTORE,
    SETS,
    cells_in,
    entry_files,
    read_entry,
    read_set,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from analysis.disclosure import Release
    from analysis.release.members import Members
    from analysis.release.renewal import Cell
    from pipelines.record import Record


_SMALLEST = 32  # tokens that are looked at first
BY = "|by "  # in the name of a cell, before the variable of the group that it is


@dataclass(frozen=True)
class Memory:
    """What runs showed that came before one run: their entries, oldest first.

    ``number`` and ``after`` are what the entry of this run says, or will say.
    """

    folders: tuple[Path, ...]
    entries: tuple[dict[str, Any], ...]
    number: int
    after: tuple[str, ...]

    def ledger(self, cells: Sequence[Cell], min_group: int) -> Ledger:
        """What was shown of these cells, equal sets once, where they were shown last.

        Under whatever name: a programme or metric that is called otherwise is known by the figures
        of its people (`same_figures`).
        """
        wanted = {c.name for c in cells}
        found: dict[tuple[str, str, int, str], str] = {}
        called: dict[tuple[str, str], list[str]] = {}  # runs repeat what was shown before
        for entry in self.entries:
            for cell in cells_in(entry):
                own, figures = cell["cell"], cell.get("figures") or ""
                if (own, figures) not in called:
                    also = same_figures(own, self._figures(figures), cells, min_group)
                    called[own, figures] = [own, *also] if own in wanted else also
                for name in called[own, figures]:
                    place = (name, cell["set"], cell["erased"], figures)
                    found.pop(place, None)
                    found[place] = entry["run"]
        return Ledger(
            tuple(
                Shown(
                    cell=name,
                    run=run,
                    members=self.members(made),
                    erased=erased,
                    value=self._figures(figures),
                )
                for (name, made, erased, figures), run in found.items()
            )
        )

    def before(self, study: str) -> tuple[Before, ...]:
        """The answers to a study that runs showed, oldest first."""
        told = (s for entry in self.entries for s in entry["studies"] if s["study"] == study)
        return tuple(
            Before(run=s["of"], question=s["question"], release=self._releases[s["digest"]])
            for s in told
            if s["digest"] in self._releases
        )

    @cached_property
    def _releases(self) -> dict[str, Release]:
        held = [s for e in self.entries for s in e["studies"] if s["release"] is not None]
        return {s["digest"]: restore(s["release"], s["digest"]) for s in held}

    def members(self, name: str) -> Members:
        """A set by its name; UserError where it is gone or damaged."""
        if name not in self._sets:
            self._sets[name] = read_set(self.folders, name)
        return self._sets[name]

    def _figures(self, name: str) -> Members | None:
        """What was read of a set's people; None where people were erased or the key was changed."""
        there = name and any((folder / SETS / name).is_file() for folder in self.folders)
        return self.members(name) if there else None

    @cached_property
    def _sets(self) -> dict[str, Members]:
        return {}


def same_figures(
    name: str, figures: Members | None, cells: Sequence[Cell], min_group: int
) -> list[str]:
    """Other names under which a run has the figures of a cell, of nearly the same people.

    More than half of the larger set: of the smallest tokens, which are as good as drawn, some then
    are in both. Sizes that differ by ``min_group`` are people enough.
    """
    if figures is None:
        return []
    found = dict.fromkeys(
        c.name for c in cells
        if c.figures is not None and c.name != name and _group_in(c.name) == _group_in(name)
        and abs(len(c.figures) - len(figures)) < min_group
        and np.isin(figures, c.figures[:_SMALLEST]).any()
        and 2 * np.isin(c.figures, figures).sum() > max(len(c.figures), len(figures))
    )  # fmt: skip
    return list(found)


def _group_in(name: str) -> str:
    """The variable of the group that a cell is; empty of a whole arm."""
    return name.partition(BY)[2]


def unheld(private: Iterable[Path], known: Memory, others: Sequence[Record]) -> list[str]:
    """What to say of the last report of a folder where nobody knows whom it rested on.

    ``others``: the runs published in the folder before, oldest first. Raises :class:`UserError`
    where it was written down whom one of them rested on, and that is gone.
    """
    there = {path.stem for folder in private for path in entry_files(folder)}
    missing = [r for r in others if r.disclosure != "public" and r.run not in there]
    for gone in (r for r in missing if r.remembered):
        path = known.folders[0] / f"{gone.run}.json"
        raise UserError(f"{path}: what a run showed of whom is gone", RESTORE, Exit.PROJECT)
    if not missing or missing[-1] is not others[-1]:
        return []
    return [
        "the last report is of an earlier version, which did not keep whom it rested on: where few "
        "people came or went since, do not hand this one to who has that one"
    ]


def comparable(private: Iterable[Path], project: str, key_id: str) -> list[dict[str, Any]]:
    """The entries that private folders hold, all made with one key.

    Raises :class:`UserError` for one that was made with another: nobody could be compared.
    """
    found = []
    for path in (p for folder in private for p in entry_files(folder)):
        entry = read_entry(path)
        if entry["key_id"] != key_id:
            raise UserError(
                f"{path}: made with another key than the one in use; what was shown before cannot "
                "be compared",
                _for_one_key(path, entry["project"], project),
                Exit.PROJECT,
            )
        found.append(entry)
    return found


def _for_one_key(path: Path, before: str, project: str) -> str:
    """How the key of an entry comes back into use; a project of a new name has another."""
    if before != project:
        return (
            f"Where the project {before} is called {project} now, keep its key: copy "
            f"{key_path(before)} to {key_path(project)}. Otherwise name another --out."
        )
    return (
        "Restore the key that belongs to this folder; or, where the key was changed, bring "
        f"{path.parents[2]} under the new one with `mentorlift rotate-key`."
    )


def recall(private: Iterable[Path], run: str, project: str, key_id: str) -> Memory:
    """What runs before this one showed, from private folders.

    Raises :class:`UserError` where the key is another one: nobody could be compared.
    """
    found: dict[str, dict[str, Any]] = {}
    for entry in comparable(private, project, key_id):
        found.setdefault(entry["run"], entry)
    own = found.pop(run, None)
    ordered = sorted(found.values(), key=lambda e: (e["number"], e["run"]))
    if own is not None:
        ordered = [found[name] for name in own["after"] if name in found]
    number = own["number"] if own else max((e["number"] for e in ordered), default=0) + 1
    after = own["after"] if own else [e["run"] for e in ordered]
    return Memory(tuple(f / FOLDER for f in private), tuple(ordered), number, tuple(after))
