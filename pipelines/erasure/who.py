"""Who is meant by an identifier on the command line, and by which texts that person is known."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines import publish
from pipelines.erasure.retention import GONE_BEFORE
from pipelines.erasure.search import Kind, Token
from pipelines.erasure.tombstones import Erased, Tombstone
from pipelines.errors import UserError
from pipelines.ingest.identity.normal import clean_sql, code_sql
from pipelines.opened import opened

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from pipelines.engine import Engine
    from pipelines.identity import Identity
    from pipelines.workspace import Workspace

_PEOPLE = """
select person_key from staging.person
union
select person_id from landed.quarantine where person_id is not null
"""
_LINKS = """
select link.system, link.id, not bool_or(link.doubtful) and count(distinct other.person) = 1 as own
from link inner join link as other on link.system = other.system and link.id = other.id
where link.person = $1
group by all order by all
"""
_KINDS: dict[str, Kind] = {
    "mail": "mail",
    "name": "name",
    "number": "identifier",
    "text": "identifier",
}


@dataclass(frozen=True)
class Known:
    """A person with what stays (the tombstone) and what must not be found anywhere (the tokens).

    ``shared`` counts identifiers and names that other people carry as well: they stay for them.
    """

    tombstone: Tombstone
    tokens: tuple[Token, ...]
    shared: int = 0


class Register:
    """Finds people by identifier or mail, in the crosswalk and the warehouse in service.

    Who is in no delivery any more may stand in an earlier warehouse, or among those whom the
    memory of what was shown holds, which ``remembered`` tells of a pseudonym. ``keys`` may open
    the crosswalk.
    """

    def __init__(
        self, space: Workspace, identity: Identity | None, erased: Erased,
        remembered: Callable[[str], bool] = lambda _: False, keys: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._identity, self._erased = identity, erased
        self._crosswalk, self._keys = space.identity, keys
        self._warehouse = publish.resolve(space.warehouses)
        with opened(self._warehouse, "warehouse") as engine:
            self._people = {row[0] for row in engine.rows(_PEOPLE)}
        self._remembered = remembered
        self._earlier = [
            p for p in sorted(space.warehouses.glob("*.duckdb")) if p != self._warehouse
        ]

    def find(self, given: str, place: str, on: str | None, reason: str) -> Known:
        """The one person whom the text names.

        Raises :class:`UserError`, without the text, where it leads to nobody or to several;
        ``place`` says which of the persons asked for it is.
        """
        given = given.strip()
        anchors, known = self._candidates(given)
        found = [a for a in anchors if a in known or self._is_here(self._erased.pseudonym(a))]
        if len(found) > 1:
            fix = "Name the person by another identifier or mail, which nobody else carries."
            raise UserError(f"The {place} person: several people are known by this.", fix)
        if found:
            return self._known(found[0], [Token(_kind(given), given)], on, reason)
        erased = self._erased.anchored(pa.array(anchors, pa.string())).to_pylist()
        if any(erased) or self._erased.names(given):  # already, or in another folder
            gone = [a for a, known in zip(anchors, erased, strict=True) if known]
            looked = [Token("pseudonym", self._erased.pseudonym(anchor)) for anchor in gone]
            return Known(Tombstone(()), (Token(_kind(given), given), *looked))
        fix = "Write the identifier or mail as the delivered files have it."
        raise UserError(f"The {place} person: nobody is known by this here.", fix)

    def _is_here(self, pseudonym: str) -> bool:
        if pseudonym in self._people or self._remembered(pseudonym):
            return True
        for path in self._earlier:
            with suppress(UserError), opened(path, "warehouse", older=True) as engine:
                if engine.rows(f"select 1 from ({_PEOPLE}) where person_key = $1", [pseudonym]):
                    return True
        return False

    def gone_before(self, day: dt.date, reason: str) -> list[Known]:
        """Everybody whose last employment ended before the day, and who was not erased yet."""
        with opened(self._warehouse, "warehouse") as engine:
            keys = [row[0] for row in engine.rows(GONE_BEFORE, [day])]
        return self._of(keys, reason)

    def returned(self) -> list[Known]:
        """Who was erased and stands in the warehouse in service, as after a restore of a backup.

        They have their tombstones; what is looked for is known from the crosswalk that came back.
        """
        keys = sorted(filter(self._erased.is_erased, self._people))
        return [replace(found, tombstone=Tombstone(())) for found in self._of(keys, "")]

    def _of(self, keys: Sequence[str], reason: str) -> list[Known]:
        """Everybody who has one of the pseudonyms."""
        anchors: dict[str, str] = {}
        if self._identity is not None and self._crosswalk.is_file():
            with opened(self._crosswalk, "identity", keys=self._keys) as engine:
                anchors = dict(engine.rows("select pseudonym, person from person"))
        found = []
        for key in keys:
            if key in anchors:
                found.append(self._known(anchors[key], [], None, reason))
            else:
                stone = Tombstone((self._erased.hashed(key),), (), None, reason)
                found.append(Known(stone, (Token("pseudonym", key),)))
        return found

    def last_delivery(self) -> dt.date:
        """The day of the last delivery in the warehouse in service."""
        with opened(self._warehouse, "warehouse") as engine:
            day: dt.date = engine.scalar("select max(delivered_on) from landed.deliveries")
        return day

    def _candidates(self, given: str) -> tuple[list[str], set[str]]:
        """Anchors that the text may stand for, and those among them that the crosswalk has."""
        if self._identity is None or not self._crosswalk.is_file():
            return [given], set()
        names = list(self._identity.systems)
        anchors: dict[str, None] = {}
        known: set[str] = set()
        with opened(self._crosswalk, "identity", keys=self._keys) as engine:
            for code in self._codes(engine, given):
                system = names[int(code[:2])]
                sql = "select distinct person from link where system = $1 and id = $2 order by 1"
                held = [row[0] for row in engine.rows(sql, [system, code[2:]])]
                known |= {*held}
                own = anchor(self._identity, system, code[2:])
                anchors |= dict.fromkeys(held or [own])
        return list(anchors), known

    def _codes(self, engine: Engine, given: str) -> list[str]:
        assert self._identity is not None
        systems = [n for n, s in self._identity.systems.items() if s.kind != "name"]
        columns = ", ".join(code_sql(self._identity, name, "clean") for name in systems)
        clean = clean_sql("cast($1 as varchar)")
        sql = f"with c as (select {clean} as clean) select {columns} from c"
        return list(dict.fromkeys(code for code in engine.rows(sql, [given])[0] if code))

    def _known(self, person: str, tokens: list[Token], on: str | None, reason: str) -> Known:
        links = self._links(person)
        anchors = [person]
        cells = [token.text for token in tokens]
        for system, text, own in links:
            assert self._identity is not None  # who made the links
            kind = _KINDS[self._identity.systems[system].kind]
            if own:
                tokens.append(Token(kind, text))
                cells.append(text)
                if kind != "name":
                    anchors.append(anchor(self._identity, system, text))
        pseudonyms = list(dict.fromkeys(map(self._erased.pseudonym, anchors)))
        tokens += [Token("pseudonym", p) for p in pseudonyms]
        stone = Tombstone(
            tuple(sorted(map(self._erased.hashed, pseudonyms))),
            tuple(sorted({self._erased.hashed_cell(cell) for cell in cells})),
            on,
            reason,
        )
        return Known(stone, tuple(dict.fromkeys(tokens)), sum(not own for *_, own in links))

    def _links(self, person: str) -> Sequence[tuple[str, str, bool]]:
        if self._identity is None or not self._crosswalk.is_file():
            return []
        with opened(self._crosswalk, "identity", keys=self._keys) as engine:
            return [(s, i, bool(own)) for s, i, own in engine.rows(_LINKS, [person])]


def anchor(identity: Identity, system: str, text: str) -> str:
    """The anchor that an identifier gives to its first holder, as the crosswalk makes it."""
    return text if system == next(iter(identity.systems)) else f"{system}\x1f{text}"


def _kind(given: str) -> Kind:
    return "mail" if "@" in given else "identifier"
