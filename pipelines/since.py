"""Which facts differ between this run and the one published before it: the causes a report names.

Nothing is estimated again, so causes are named and not weighed; `mentorlift diff` does that.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from analysis.manifest import manifest_from
from pipelines import key_chain, record, workspace
from reports.previous import Cause, Previous

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.manifest import RunManifest
    from analysis.study import StudySpec
    from pipelines.config import Project
    from pipelines.engine import Engine
    from pipelines.record import Record

_MONTH = 365.25 / 12  # days
# People of whom something was told late of the time that the last report had seen.
_LATE_EXITS = """
select count(distinct b.person_no)
from staging.employment_spell a
inner join staging.employment_spell b on a.person_no = b.person_no and a.spell_no = b.spell_no
where a.known_from <= $horizon and a.known_to > $horizon and a.exited_on is null
    and b.known_from > $horizon and b.known_from <= $day and b.known_to > $day
    and b.exited_on <= $horizon and not b.exit_inferred
"""
_CORRECTED = """
with known as (
    select person_no, month, value
    from staging.performance_result
    where metric = $metric and known_from <= $horizon and known_to > $horizon
)
select count(distinct b.person_no)
from staging.performance_result b
left join known a on b.person_no = a.person_no and b.month = a.month
where b.metric = $metric and b.known_from > $horizon and b.known_from <= $day and b.known_to > $day
    and b.month <= (select max(month) from known) and b.value is distinct from a.value
"""


def previous(
    engine: Engine,
    project: Project,
    space: workspace.Workspace,
    manifest: RunManifest,
    mine: Record,
) -> Previous | None:
    """The report that ``mine`` follows, and what differs since; None for a first one.

    ``engine`` has the marts of this run.
    """
    if not mine.previous:
        return None
    before = workspace.Workspace(space.out, mine.previous)
    last = record.read(before)
    if last is not None and last.looser_than(mine):
        return Previous(run=last.run, as_known_at=last.as_known_at, kept=False, looser=True)
    if last is None or not before.manifest.is_file():
        return Previous(run=mine.previous, kept=False)
    old = manifest_from(workspace.read_json(before.manifest, "manifest"))
    common = tuple(_of_runs(old, manifest, last, mine))
    known = {s.study: s.as_of for s in last.studies}
    return Previous(
        run=last.run,
        as_known_at=last.as_known_at,
        studies=last.studies,
        causes={
            s.study: (*common, *_of_study(engine, s, known[s.study], last, mine))
            for s in project.studies
            if s.study in known
        },
        splits=key_chain.read(space.private).joins(old.key_id, manifest.key_id),
    )


def _of_runs(old: RunManifest, new: RunManifest, last: Record, mine: Record) -> Iterator[Cause]:
    """What concerns all studies alike."""
    if old.code_hash != new.code_hash:
        versions = {old.code_version, new.code_version}
        yield Cause(
            kind="code",
            detail=f"{old.code_version} → {new.code_version}" if len(versions) > 1 else "",
        )
    if old.packages != new.packages:
        yield Cause(kind="packages")
    for kind in ("limits", "min_group", "disclosure", "reading"):
        if getattr(last, kind) != getattr(mine, kind):
            yield Cause(kind=kind)
    if old.exact_rows != new.exact_rows:
        yield Cause(kind="exact_rows")
    if new.inputs.keys() - old.inputs.keys():
        yield Cause(kind="new_files")
    if any(old.inputs[name] != new.inputs[name] for name in old.inputs.keys() & new.inputs.keys()):
        yield Cause(kind="other_files")
    if old.inputs.keys() - new.inputs.keys():
        yield Cause(kind="gone_files")


def _of_study(
    engine: Engine, spec: StudySpec, as_of: str, last: Record, mine: Record
) -> Iterator[Cause]:
    """What concerns one study: its question, its day, and what was told late."""
    if last.questions.get(spec.study) != mine.questions[spec.study]:
        yield Cause(kind="question")
    then = dt.date.fromisoformat(as_of)
    if spec.as_of > then:
        yield Cause(kind="months", months=round((spec.as_of - then).days / _MONTH))
    elif spec.as_of < then:
        yield Cause(kind="earlier")
    seen = dt.date.fromisoformat(last.known_at) if last.known_at else then
    params = {"horizon": min(then, seen), "day": spec.as_of}
    few = mine.min_group if mine.disclosure == "protected" else 1
    if engine.scalar(_LATE_EXITS, params) >= few:  # exits also end who is followed for results
        yield Cause(kind="late_exits")
    if engine.scalar(_CORRECTED, {**params, "metric": spec.outcome.metric}) >= few:
        yield Cause(kind="corrected")
