"""Refuses deliveries whose file names name a person: names of files are said, kept and printed.

Known are identifiers of five characters or more, mails, and names of people of which every word
stands in the name of the file; a first name alone may be a month or a town, and passes.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from pipelines.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.engine import Engine
    from pipelines.identity import Identity
    from pipelines.ingest.files import Inbox

SHORTEST = 5  # characters of an identifier that is looked for: a shorter one may be a year
_DAY = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(\d\d)?")
_APART = re.compile(r"[\W_]+")
_MAILS = """
select count(*) from holder
where list_contains($mails, left(code, 2)) and contains($name, lower(code[3:]))
"""
_IDENTIFIERS = """
select count(*) from holder
where list_contains($others, left(code, 2)) and list_contains($long, lower(code[3:]))
"""
_NAMES = """
select distinct name from profile
where name is not null and list_has_any(string_split(name, ' '), $words)
"""


def check(inbox: Inbox, named: Callable[[str], bool]) -> None:
    """Raise :class:`UserError` for the first file whose name ``named`` knows to be of a person.

    The message says which file it is by its place among those of its source, and not by its name.
    """
    found = [*inbox.files, *(copy.file for copy in inbox.skipped)]
    for source in sorted({file.source.name for file in found}):
        names = sorted({file.name for file in found if file.source.name == source})
        for number, name in enumerate(names, start=1):
            if named(name):
                raise UserError(
                    f"source {source}: file {number} of {len(names)} (by name) is named after a "
                    "person: its name holds somebody's name, mail or identifier",
                    "Rename the file: names of files stand in reports, records and messages.",
                )


def is_named(engine: Engine, identity: Identity, name: str) -> bool:
    """Whether a file name holds a mail, an identifier or a whole name of the crosswalk."""
    text, parts = _folded(name), words(name)
    mails = {"mails": [*identity.codes("mail")], "name": text}
    others = {"others": [*identity.codes("number", "text")], "long": identifiers(name)}
    if engine.scalar(_MAILS, mails) or engine.scalar(_IDENTIFIERS, others):
        return True
    near = [row[0] for row in engine.rows(_NAMES, {"words": sorted(parts)})]
    return any(len(whole := words(person)) > 1 and whole <= parts for person in near)


def words(text: str) -> set[str]:
    """The words of a text, in small letters."""
    return {word for word in _APART.split(_folded(text)) if word}


def identifiers(name: str) -> list[str]:
    """Words of a file name that may be an identifier: long enough, and no day or month."""
    return sorted(w for w in words(name) if len(w) >= SHORTEST and not _DAY.fullmatch(w))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
