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
    corrected,
    decisions,
    forgotten,
    persons,
    review,
    store,
    verdicts,
)
from pipelines.ingest.identity.report import IdentityReport, count
from pipelines.ingest.identity.resolver import Resolver
from pipelines.publish import fresh, make_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pipelines.erasure.tombstones import Erased
    from pipelines.identity import Identity
    from pipelines.ingest.files import DeliveredFile
    from pipelines.ingest.pseudonym import Pseudonyms
    from pipelines.sources import SourceTable

    Reader = Callable[[DeliveredFile], SourceTable]

# What the crosswalk may hold in memory; the rest waits in the private folder.
MEMORY = "800MB"


class Crosswalk:
    """Persons found in the link sources, in a database of their own.

    ``refused`` are the files that cannot be used, by source and name: they must not land either.
    """

    def __init__(
        self,
        engine: Engine,
        identity: Identity,
        refused: dict[tuple[str, str], UserError],
        erased: Erased | None = None,
        keys: Sequence[str] = (),
    ) -> None:
        self._engine, self._identity, self._keys = engine, identity, keys
        self.refused = refused
        self._gone = forgotten.mark(engine, identity, erased) if erased else False
        self.resolver = Resolver(engine, identity, erased)

    def finish(self, pseudonyms: Pseudonyms, private: Path | None) -> IdentityReport:
        """The counts, once all rows are resolved; the crosswalk and the review are written."""
        if self._gone:
            forgotten.remove(self._engine)
        cases = review.cases(self._engine, self._identity)
        if private is not None:
            store.write(self._engine, self._identity, cases, pseudonyms, private, self._keys)
        advice = candidates.lost_zeros(self._engine, self._identity)
        found = self.resolver
        return count(self._engine, self._identity, cases, found.counted, found.repaired, advice)


@contextmanager
def crosswalk(
    identity: Identity | None,
    files: Sequence[DeliveredFile],
    read: Reader,
    project: Path | None,
    private: Path | None = None,
    erased: Erased | None = None,
    keys: Sequence[str] = (),
) -> Iterator[Crosswalk | None]:
    """The crosswalk of the delivered files, or None where the project declares no identity.

    Names and mails are in memory and in the private folder, nowhere else; there they are encrypted
    where there is a key in ``keys``, in the files of the work as well.
    """
    if identity is None:
        yield None
        return
    with _workshop(private, keys) as engine:
        refused = _read_links(engine, identity, files, read)
        decisions.load(engine, identity, project)
        claims.finish(engine, identity)
        verdicts.judge(engine, identity)
        persons.connect(engine, identity)
        yield Crosswalk(engine, identity, refused, erased or None, keys)


def _read_links(
    engine: Engine, identity: Identity, files: Sequence[DeliveredFile], read: Reader
) -> dict[tuple[str, str], UserError]:
    """Take the links of every file; the refused ones, of which nothing is taken."""
    claims.start(engine)
    refused: dict[tuple[str, str], UserError] = {}
    linking = {link.source for link in identity.links}
    files = [file for file in files if file.source.name in linking]
    replaced = corrected.replaced(files, read)
    for file in files:
        links = [link for link in identity.links if link.source == file.source.name]
        try:
            with engine.transaction():
                for link in links:
                    table = corrected.without(file, read(file), replaced)
                    claims.read(engine, identity, link, file, table)
            check_unchanged(file)
        except UserError as error:
            if error.exit_code != Exit.DATA or file.source.on_refused == "stop":
                raise
            refused[file.source.name, file.name] = error
    return refused


@contextmanager
def _workshop(private: Path | None, keys: Sequence[str]) -> Iterator[Engine]:
    """An engine whose files, spilled ones included, lie in the private folder and go with it."""
    if private is None:
        with Engine.memory() as engine:
            engine.run("set temp_directory = ''")
            yield engine
        return
    make_private(private)
    database, spilled = fresh(private / "crosswalk.duckdb"), private / "spilled"
    shutil.rmtree(spilled, ignore_errors=True)  # of a run that was killed
    try:
        with Engine.open(database, keys=keys) as engine:
            database.chmod(0o600)
            engine.run(f"set temp_directory = {quote_text(str(spilled))}")
            engine.run(f"set memory_limit = '{MEMORY}'")
            yield engine
    finally:
        shutil.rmtree(spilled, ignore_errors=True)
        fresh(private / "crosswalk.duckdb")
