"""Whom the figures of a study rest on: the people of its arms, and of each declared group.

Two figures about nearly the same people tell of the few in whom they differ. So each finding names
its people, for the memory of what was shown (`analysis/release/`); they enter no report.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.benefits.members import column_of_name, present
from analysis.roll_out_cells import groups

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from analysis.exits.careers import Careers
    from analysis.exits.entries import Entries
    from analysis.panel import Panel
    from analysis.study import StudySpec

    Ints = NDArray[np.int64]

MAIN = ""  # the block of everything that is shown of whole arms
COMPARED, ANSWERED, TOOK_PART, LEFT = "compared", "answered", "took part", "left"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """People about whom a study shows a figure: person_no, sorted, each once (n,).

    ``block``: the subgroup variable, or ``MAIN``: what is shown together stays or goes together.
    ``what`` they are taken for. Parts of one name hold different people, or show different things,
    and none of them may come near one that was shown before. ``contents``: what is read of each as
    one number (n,), None where that is not followed.
    """

    block: str
    what: str
    people: Ints
    contents: NDArray[np.uint64] | None = None

    def __eq__(self, other: object) -> bool:
        """Whether it is the same part of the same people, of whom the same is read."""
        if not isinstance(other, Part):
            return NotImplemented
        if (self.block, self.what) != (other.block, other.what):
            return False
        if self.contents is None or other.contents is None:
            read_alike = self.contents is other.contents
        else:
            read_alike = np.array_equal(self.contents, other.contents)
        return read_alike and np.array_equal(self.people, other.people)


def part(what: str, people: Iterable[int] | Ints, block: str = MAIN) -> Part:
    """A part of these people, in any order, some perhaps twice."""
    made = people if isinstance(people, np.ndarray) else np.array(list(people), dtype=np.int64)
    return Part(block=block, what=what, people=np.unique(made.astype(np.int64)))


def of_panel(spec: StudySpec, panel: Panel, answered: Iterable[int], about: str = "") -> list[Part]:
    """The people of each arm, those of them in the answer, those who took part, and the groups.

    ``answered``: person_no of those with an outcome in the primary window; ``about`` tells people
    asked beside the study's own (volunteers, team mates) from them.
    """
    people = panel.people
    told = people["person"].isin(set(answered)).to_numpy(dtype=bool)
    took = (people["take_up"] == 1).to_numpy(dtype=bool)
    number = people["person"].to_numpy(dtype=np.int64)
    found: list[Part] = []
    for arm in (*panel.treated, panel.comparison):
        own = (people["arm"] == arm).to_numpy(dtype=bool)
        for what, who in ((COMPARED, own), (ANSWERED, own & told), (TOOK_PART, own & took)):
            found.append(part(f"{about}{what}", number[who]))
        for name in (s.name for s in spec.subgroups) if not about else ():
            column = people[column_of_name(name)]
            codes = column.cat.codes.to_numpy()
            for code, _ in present(list(column.cat.categories), codes):
                found.append(part(ANSWERED, number[own & told & (codes == code)], name))
    return found


def of_sites(spec: StudySpec, people: pd.DataFrame) -> list[Part]:
    """The people of a roll-out: at units that start and at others, and in each group.

    ``people`` is what ``roll_out_query.people_query`` returns.
    """
    person = people["person_no"].to_numpy(dtype=np.int64)
    started = people["start_month"].notna().to_numpy(dtype=bool)
    found = [part(COMPARED, person[started]), part(COMPARED, person[~started])]
    for subgroup, (codes, labels) in zip(spec.subgroups, groups(spec, people), strict=True):
        for code, _ in present(labels, codes):
            for side in (started, ~started):
                found.append(part(COMPARED, person[side & (codes == code)], subgroup.name))
    return found


def of_trials(
    spec: StudySpec, careers: Careers, person: Ints, entries: Entries, kinds: tuple[int, ...]
) -> list[Part]:
    """The people of a study of exits on either side, and who of them left in its way.

    ``person``: person_no of the rows of the careers (n,); ``kinds``: codes of the exits counted.
    Somebody may be on both sides in turn, so that sides have names of their own.
    """
    left = np.isin(entries.kind, kinds)
    found: list[Part] = []
    for side, own in (("treated", entries.treated), ("comparison", ~entries.treated)):
        number = person[entries.row]
        for what, who in ((COMPARED, own), (LEFT, own & left)):
            found.append(part(f"{what}, {side}", number[who]))
            for subgroup, column in zip(spec.subgroups, careers.subgroups, strict=True):
                month = entries.column if column.codes.shape[1] > 1 else 0
                codes = column.codes[entries.row, month]
                for code, _ in present(column.labels, codes):
                    inside = number[who & (codes == code)]
                    found.append(part(f"{what}, {side}", inside, subgroup.name))
    return found
