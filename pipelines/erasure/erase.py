"""Erases persons: tombstones, rebuild and publish, expiry of all that was before, and proof.

Every step can be repeated. What is looked for stands in a private file until nothing is found, so
that an erasure that was interrupted ends like any other, without naming the persons again.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines import encryption, publish, workspace
from pipelines.config import load_project
from pipelines.day import private_folders
from pipelines.erasure import tombstones, unfinished
from pipelines.erasure.certificate import Certificate, Wanted
from pipelines.erasure.expire import backups, expire, remove_all
from pipelines.erasure.pulled import alone, folders, rewrite
from pipelines.erasure.retained import apart, begin_retained, deliveries_differ, served
from pipelines.erasure.retention import months_before
from pipelines.erasure.search import search
from pipelines.erasure.who import Known, Register
from pipelines.errors import Exit, UserError
from pipelines.keys import key_id, load_key, retired
from pipelines.lottery_audit import draw_files
from pipelines.memory.forget import forget, holding
from pipelines.memory.recall import comparable
from pipelines.memory.store import Tokens, entry_files
from pipelines.run import STAGES, begin, end, run_stages
from pipelines.upgrade import held

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipelines.config import Project
    from pipelines.erasure.search import Hit, Token
    from pipelines.run import Context

FAULTS = ("erase-recorded", "erase-rebuilt", "erase-expired", "erase-searched")


def erase(
    project_dir: Path,
    data: Path,
    out: Path,
    wanted: Wanted,
    say: Callable[[str], None],
    *,
    remove_backups: bool = False,
) -> Certificate:
    """Erase persons from everything below the output folder; what was done.

    Raises :class:`UserError` before anything is written where a person is not known.
    """
    project = encryption.require(load_project(project_dir))
    space = workspace.Workspace(out, "")
    if not out.is_dir():
        raise UserError(f"{out}: there is no such folder", "Name the folder of a run with --out.")
    with ExitStack() as locks:
        locks.enter_context(held(out, say, encryption.keys_of(project.settings.project)))
        for folder in folders(project, data):
            locks.enter_context(alone(folder))
        key, _, _ = load_key(project.settings.project)
        remembering = _remembering(project, space, locks)
        listed = backups(project, data, out)
        known, tokens = _recorded(project, space, key, wanted, remembering)
        publish.fault("erase-recorded")
        context, pulled = _rebuilt(project, data, space, key, say)
        publish.fault("erase-rebuilt")
        removed = expire(context.space)
        if remove_backups:
            remove_all(listed)
            removed, listed = [*removed, *listed], []
        publish.fault("erase-expired")
        found = _proof(project, data, context.space, key, tokens, listed)
        found = replace(found, persons=len(known), shared=sum(k.shared for k in known))
        return replace(found, removed=tuple(removed), rewritten=tuple(pulled))


def _recorded(
    project: Project,
    space: workspace.Workspace,
    key: bytes,
    wanted: Wanted,
    remembering: Sequence[Path],
) -> tuple[list[Known], list[Token]]:
    """Whom to erase and what to look for, written down; they are forgotten where remembered."""
    record = _record(project, space)
    erased = tombstones.Erased(record, key, retired(project.settings.project))
    known = _known(_register(project, space, erased, key), project, wanted)
    tokens = _note(project, space.private, record, known)
    for folder in remembering:
        forget(folder, *_remembered(key, tokens))
    return known, tokens


def _rebuilt(
    project: Project, data: Path, space: workspace.Workspace, key: bytes, say: Callable[[str], None]
) -> tuple[Context, list[Path]]:
    """The run without those erased, finished and published, and the pulled files made anew."""
    gone = _record(project, space)
    differ = deliveries_differ(project, space, data)
    pulled = rewrite(project, data, gone, key)
    begun = _begun(project, data, space, (gone, key) if differ else None, say)
    context = run_stages(begun, STAGES[-1], say)
    end(context)
    return context, pulled


def _proof(
    project: Project,
    data: Path,
    space: workspace.Workspace,
    key: bytes,
    tokens: Sequence[Token],
    listed: Sequence[Path],
) -> Certificate:
    """What is found where; the erasure has ended when that is nothing."""
    files = _written(project, data, space)
    keys = encryption.keys_of(project.settings.project)
    hits = search(files, tokens, _without_rows(space), keys)
    publish.fault("erase-searched")
    sets = holding(space.private, *_remembered(key, tokens))
    remaining = sorted({*(h.file for h in hits if h.certain), *listed, *sets})
    if not remaining:
        _end(space.private)
    return Certificate(
        run=space.run,
        searched=len(files),
        tokens=len(tokens),
        remaining=tuple(remaining),
        figures=_files([h for h in hits if not h.certain]),
        owner=_files(search(_of_the_owner(project), tokens)),
        short=sum(token.short for token in tokens),
    )


def _begun(
    project: Project,
    data: Path,
    space: workspace.Workspace,
    retained: tuple[tombstones.Record, bytes] | None,
    say: Callable[[str], None],
) -> Context:
    """The run that makes the version in service once more, without the erased persons.

    ``retained`` are their tombstones, and the key, where what was landed has to be copied.
    """
    if retained is not None:
        say("the deliveries are others by now: what was landed is copied without the persons")
        changes = encryption.changes(space.identity, project.settings.identity)
        context = begin_retained(project.folder, data, space.out, *retained)
        for line in changes:
            say(line)
        return context
    exact = bool(served(space).get("exact_rows"))
    study = apart(project, space)
    return begin(project.folder, data, space.out, say, exact_rows=exact, study=study)


def _record(project: Project, space: workspace.Workspace) -> tombstones.Record:
    """The tombstones that hold for the output folder, of all keys that are at hand.

    Whoever was erased in a folder beside it may still stand in what this one keeps.
    """
    name = project.settings.project
    own = tombstones.read([space.private], key_id(name), retired(name))
    every = tombstones.read(private_folders(project.folder, space.out), key_id(name), retired(name))
    return replace(every, pending=own.pending)


def _remembering(project: Project, space: workspace.Workspace, locks: ExitStack) -> list[Path]:
    """The private folders, of this folder and those beside it, that remember what was shown.

    Held until the end: who is erased in one is forgotten in all, since each is asked by the others.
    """
    beside = [f for f in private_folders(project.folder, space.out) if f != space.private]
    found = [f for f in beside if entry_files(f) and f.resolve() != space.private.resolve()]
    for folder in found:
        locks.enter_context(publish.run_lock(folder.parent))
    comparable([space.private, *found], project.settings.project, key_id(project.settings.project))
    return [space.private, *found]


def _known(register: Register, project: Project, wanted: Wanted) -> list[Known]:
    on = wanted.on.isoformat() if wanted.on else None
    found = [
        register.find(given, f"{number}.", on, wanted.reason)
        for number, given in enumerate(wanted.persons, start=1)
    ]
    named = {token.text for known in found for token in known.tokens}
    found += [k for k in register.returned() if named.isdisjoint(t.text for t in k.tokens)]
    if wanted.expired:
        day = months_before(
            wanted.on or register.last_delivery(), project.settings.retention.months
        )
        found += register.gone_before(day, wanted.reason or "retention period over")
    return found


def _note(
    project: Project, private: Path, record: tombstones.Record, known: Sequence[Known]
) -> list[Token]:
    """Write down what is looked for, then the tombstones; all, of an earlier try as well."""
    before, set_then = unfinished.read(private, record.key_id, retired(project.settings.project))
    tokens = list(dict.fromkeys([*before, *(t for k in known for t in k.tokens)]))
    if not known and not record.pending:
        return tokens
    stones = [s for s in (*set_then, *(k.tombstone for k in known)) if s.identifiers]
    unfinished.write(private, record, tokens, stones)
    persons = tuple(dict.fromkeys([*record.persons, *stones]))
    tombstones.write(private, replace(record, persons=persons, pending=True))
    return tokens


def _register(
    project: Project, space: workspace.Workspace, erased: tombstones.Erased, key: bytes
) -> Register:
    """Who is known here, in the memory of what was shown too."""
    own = Tokens.of(key)
    return Register(
        space,
        project.settings.identity,
        erased,
        lambda pseudonym: bool(holding(space.private, own, [pseudonym])),
        encryption.keys_of(project.settings.project),
    )


def _remembered(key: bytes, tokens: Sequence[Token]) -> tuple[Tokens, list[str]]:
    """How the memory of what was shown calls people, and whom it has to forget."""
    return Tokens.of(key), [token.text for token in tokens if token.kind == "pseudonym"]


def _end(private: Path) -> None:
    """Nothing was found: the tombstones stay, what was looked for goes."""
    (private / tombstones.UNFINISHED).unlink(missing_ok=True)
    tombstones.end(private)


def _written(project: Project, data: Path, space: workspace.Workspace) -> list[Path]:
    """Every file that the product wrote: results, pulled deliveries, the registry of studies."""
    own = {tombstones.UNFINISHED, publish.LOCK}  # the lock holds the number of this process
    files = [p for p in sorted(space.out.rglob("*")) if p.is_file() and p.name not in own]
    for source in project.settings.sources:
        if source.postgres is not None:
            files += sorted((data / source.name).glob("*"))
    return [*files, *sorted(project.folder.glob("*.jsonl"))]


def _without_rows(space: workspace.Workspace) -> list[Path]:
    """Files that hold figures and no rows of persons."""
    pages = sorted(space.site.rglob("*"))
    kept = [*sorted(space.runs.rglob("*.json")), *entry_files(space.private)]
    return [*space.artifacts, *pages, space.ledger, *kept]


def _of_the_owner(project: Project) -> list[Path]:
    """Decisions about doubtful links, rosters and audit files: the owner's records."""
    decided = sorted((project.folder / "mappings").glob("*.csv"))
    return [*decided, *draw_files(project.folder, project.studies)]


def _files(hits: Sequence[Hit]) -> tuple[Path, ...]:
    return tuple(sorted({hit.file for hit in hits}))


def incomplete(certificate: Certificate) -> UserError:
    """The error of an erasure after which something is still there."""
    named = ", ".join(map(str, certificate.remaining[:10]))
    fix = "Remove these files, or backups with --yes, then run `mentorlift erase` again."
    return UserError(f"the erasure is not complete: {named}", fix, Exit.REMAINS)
