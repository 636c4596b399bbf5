"""Two runs compared: the same project, each study that is asked for, or why there is no answer."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.change import Change
from pipelines.diff.kept import load, manifest_of
from pipelines.diff.path import changes
from pipelines.diff.states import headline_of, state_of
from pipelines.errors import Exit, UserError, shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.diff.kept import Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDiff:
    """Why the headlines of two runs differ, a change a study; ``same``: the runs are one.

    ``first`` and ``second`` are ids of runs.
    """

    first: str
    second: str
    changes: tuple[Change, ...]
    same: bool = False


def compare_runs(
    one: str, two: str, out: Path, study: str | None, say: Callable[[str], None]
) -> RunDiff:
    """Split the change of each study, or of the one that is named, from run to run.

    Raises UserError where a run or study is not known, the runs are of different projects or keys,
    or a run no longer keeps what a comparison needs.
    """
    found = [manifest_of(given, out) for given in (one, two)]
    first, second = (manifest for _, manifest in found)
    if first.project != second.project:
        raise UserError(
            f"the runs are of different projects: {first.project} and {second.project}",
            "Compare two runs of one project.",
            Exit.USAGE,
        )
    names = sorted({*first.studies, *second.studies})
    if study is not None and study not in names:
        near = difflib.get_close_matches(study, names, n=3, cutoff=0.3) or names
        fix = f"Nearest: {', '.join(near) or 'none'}."
        raise UserError(f"--study: neither run answered {shown(study)}", fix, Exit.USAGE)
    if first.run == second.run:
        return RunDiff(first=first.run, second=second.run, changes=(), same=True)
    if first.key_id != second.key_id:
        raise UserError(
            "the runs made their pseudonyms with different keys: nobody can be followed",
            "Run the project again for both, with one key.",
        )
    kept = [load(space, manifest) for space, manifest in found]
    asked = names if study is None else [study]
    held = kept[0].not_renewed | kept[1].not_renewed
    both = [n for n in asked if n not in held and all(n in run.releases for run in kept)]
    split = dict(zip(both, changes(*kept, both, say) if both else (), strict=True))
    done = tuple(split.get(name) or _once(name, *kept) for name in asked)
    return RunDiff(first=first.run, second=second.run, changes=done)


def _once(name: str, first: Kept, second: Kept) -> Change:
    """A study that one run alone answered, or may show; its parts would tell what is not shown."""
    states = [state_of(r.releases[name]) if name in r.releases else None for r in (first, second)]
    run = first if name in first.releases else second
    why = f"only run {run.manifest.run} answered this study"
    if name in first.releases and name in second.releases:
        held = second if name in second.not_renewed else first
        few = f"fewer than {held.rules.min_group} people came, went or changed"
        why = f"run {held.manifest.run} has no answer of its own: {few}"
    return Change(
        study=name,
        unit=headline_of(run.releases[name])["unit"],
        before=states[0],
        after=states[1],
        why_not=(why,),
    )
