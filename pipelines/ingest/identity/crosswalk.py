"""The crosswalk of a landing: built before the rows land, written apart from them."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.engine import Engine, quote_text
from pipelines.errors import Exit, UserError
from pipelines.ingest.files import check_unchanged
from pipelines.ingest.identity import (
    candidates,
    claims,
    decisions,
    persons,
    review,
    store,
    verdicts,
)
from pipelines.ingest.identity.report import IdentityReport, count
from pipelines.ingest.identity.resolver import Resolver
from pipelines.publish import fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pipelines.identity import Identity
    from pipelines.ingest.files import DeliveredFile
    from pipelines.ingest.pseudonym import Pseudonyms
    from pipelines.sources import SourceTable

    Reader = Callable[[DeliveredFile], SourceTable]

# What the crosswalk may hold in memory; the rest waits in the private folder.
MEMORY = "800MB"


class Crosswalk:
    """Persons found in the link sources, in a database of their own in memory."""

    def __init__(
        self, engine: Engine, identity: Identity, refused: dict[Path, UserError] | None = None
    ) -> None:
        self._engine, self._identity = engine, identity
        self.refused = refused or {}
        self.resolver = Resolver(engine, identity)

    def finish(self, pseudonyms: Pseudonyms, private: Path | None) -> IdentityReport:
        """The counts, once all rows are resolved; the crosswalk and the review are written."""
        cases = review.cases(self._engine, self._identity)
        if private is not None:
            store.write(self._engine, self._identity, cases, pseudonyms, private)
        advice = candidates.lost_zeros(self._engine, self._identity)
        return count(self._engine, self._identity, cases, self.resolver.counted, advice)


@contextmanager
def crosswalk(
    identity: Identity | None,
    files: Sequence[DeliveredFile],
    read: Reader,
    project: Path | None,
    private: Path | None = None,
) -> Iterator[Crosswalk | None]:
    """The crosswalk of the delivered files, or None where the project declares no identity.

    Names and mails are in memory and in the private folder, nowhere else. A file that cannot be
    used is among its ``refused`` where the others of its source land all the same.
    """
    if identity is None:
        yield None
        return
    with _workshop(private) as engine:
        claims.start(engine)
        refused = {}
        for file in files:
            try:
                _claim(engine, identity, file, read)
            except UserError as error:
                if error.exit_code != Exit.DATA or file.source.on_refused == "stop":
                    raise
                refused[file.path] = error
        decisions.load(engine, identity, project)
        claims.finish(engine, identity)
        verdicts.judge(engine, identity)
        persons.connect(engine, identity)
        yield Crosswalk(engine, identity, refused)


def _claim(engine: Engine, identity: Identity, file: DeliveredFile, read: Reader) -> None:
    for link in identity.links:
        if link.source == file.source.name:
            claims.read(engine, identity, link, file, read(file))
            check_unchanged(file)


@contextmanager
def _workshop(private: Path | None) -> Iterator[Engine]:
    """An engine whose files, spilled ones included, lie in the private folder and go with it."""
    if private is None:
        with Engine.memory() as engine:
            engine.run("set temp_directory = ''")
            yield engine
        return
    private.mkdir(parents=True, exist_ok=True, mode=0o700)
    private.chmod(0o700)
    database, spilled = fresh(private / "crosswalk.duckdb"), private / "spilled"
    shutil.rmtree(spilled, ignore_errors=True)  # of a run that was killed
    try:
        with Engine.open(database) as engine:
            database.chmod(0o600)
            engine.run(f"set temp_directory = {quote_text(str(spilled))}")
            engine.run(f"set memory_limit = '{MEMORY}'")
            yield engine
    finally:
        shutil.rmtree(spilled, ignore_errors=True)
        fresh(private / "crosswalk.duckdb")
