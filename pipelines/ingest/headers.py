"""From what a source declares and the header a file has to what is read from which column."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.survey_linking import ASK
from pipelines.delivery import MapTo
from pipelines.errors import Exit, UserError
from pipelines.ingest import dates
from pipelines.ingest.mapping import PSEUDO, ROW_NUMBER, Mapping
from pipelines.sources.table import DATA, HEADER_ROW, holds_data

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.delivery import Load
    from pipelines.ingest.files import DeliveredFile
    from pipelines.models import Contract


def fold(name: str) -> str:
    """A header as it is compared: without regard to case, spaces and Unicode form."""
    return "".join(unicodedata.normalize("NFC", name).casefold().split())


@dataclass
class _Finder:
    """Finds headers of one file and collects the ones that are absent."""

    file: str
    header: tuple[str, ...]
    folded: dict[str, list[str]] = field(init=False)
    missing: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folded = {}
        for name in self.header:
            self.folded.setdefault(fold(name), []).append(name)

    def find(self, name: str) -> str | None:
        """The file's own spelling of a name; pseudo headers stand for themselves."""
        if name in self.header or name in PSEUDO:
            return name
        alike = self.folded.get(fold(name), [])
        if len(alike) > 1:
            both = f"{alike[0]!r} and {alike[1]!r}"
            problem = f"{self.file}: the columns {both} differ by case or spaces alone."
            raise UserError(problem, "Rename one of the two in the file, or take it out.")
        return alike[0] if alike else None

    def need(self, name: str) -> str:
        """Like :meth:`find`, but a name that is absent is written down as missing."""
        found = self.find(name)
        if found is None:
            self.missing.append(name)
        return found or name


def resolve(
    file: DeliveredFile, load: Load, contract: Contract, header: tuple[str, ...]
) -> Mapping:
    """What one load reads from a file with this header.

    Raises :class:`UserError` naming every column that the table or the file lacks.
    """
    _check_names(file, load, contract)
    finder = _Finder(file.name, header)
    columns = _mapped(file, contract, finder)
    for name, given in load.columns.items():
        if name not in columns:
            columns[name] = _declared(finder, given)
    absent = _by_alias(finder, load, contract, columns)
    absent |= _left_out(file, load, contract, columns, finder)
    concrete = {
        "columns": {name: columns[name] for name in columns if columns[name]},
        "keep_if": {finder.need(name): words for name, words in load.keep_if.items()},
        "drop_if": {finder.need(n): w for n, w in load.drop_if.items() if _there(finder, n)},
        "attributes": tuple(finder.need(name) for name in load.attributes),
    }
    items = _items(finder, load)
    _refuse_missing(finder, load)
    mapping = Mapping(
        source=file.source,
        load=load.model_copy(update=concrete),
        contract=contract,
        file=file.name,
        delivered_on=file.delivered_on,
        items=items,
        absent=tuple(c.name for c in contract.columns if c.name in absent),
    )
    _check_required(mapping, load, finder)
    return mapping


def _mapped(file: DeliveredFile, contract: Contract, finder: _Finder) -> dict[str, tuple[str, ...]]:
    """Columns of the table that the owner decided to read from a header of this file."""
    fillable = {c.name for c in contract.columns if c.role}
    return {
        choice.map: (found,)
        for name, choice in file.source.on_drift.items()
        if isinstance(choice, MapTo) and choice.map in fillable
        if (found := finder.find(name)) is not None
    }


def _declared(finder: _Finder, given: str | tuple[str, ...]) -> tuple[str, ...]:
    """The headers of one column that the project names: one must be there, of a list any."""
    if isinstance(given, str):
        return (finder.need(given),)
    found = [name for name in map(finder.find, given) if name is not None]
    if not found:
        finder.missing.append(given[0] if given else "")
    return tuple(found)


def _by_alias(
    finder: _Finder, load: Load, contract: Contract, columns: dict[str, tuple[str, ...]]
) -> set[str]:
    """Fill ``columns`` by alias, in the order of the aliases; the columns no alias stands for."""
    roles = {c.name: c.role for c in contract.columns}
    absent = set()
    for canonical, aliases in load.aliases.items():
        if canonical in columns or canonical in load.constants:
            continue
        found = list(dict.fromkeys(n for n in map(finder.find, aliases) if n is not None))
        if not found:
            absent.add(canonical)
        elif roles[canonical] == "identifier":
            # Numbers of two systems must not stand in one column: the first alone is read.
            columns[canonical] = (found[0],)
        else:
            columns[canonical] = tuple(found)
    return absent


def _left_out(
    file: DeliveredFile,
    load: Load,
    contract: Contract,
    columns: dict[str, tuple[str, ...]],
    finder: _Finder,
) -> set[str]:
    """Take missing columns out whose absence the owner ignores, unless the table needs them."""
    ignored = {fold(n) for n, choice in file.source.on_drift.items() if choice == "ignore"}
    required = {c.name for c in contract.columns if c.required}
    left = set()
    for canonical in [c for c in columns if c not in required]:
        gone = [n for n in columns[canonical] if n in finder.missing and fold(n) in ignored]
        if gone:
            finder.missing = [n for n in finder.missing if n not in gone]
            del columns[canonical]
            left.add(canonical)
    return left


def _there(finder: _Finder, name: str) -> bool:
    """Whether a column that only takes rows out is there; without it there are none to take."""
    return finder.find(name) is not None


def _items(finder: _Finder, load: Load) -> dict[str, str]:
    """Columns that become lines: header -> name of the item."""
    if load.unpivot is None:
        return {}
    if load.unpivot.columns:
        return {finder.need(name): name for name in load.unpivot.columns}
    pattern = re.compile(load.unpivot.pattern, re.IGNORECASE)
    matches = [(name, pattern.fullmatch(name)) for name in finder.header]
    items = {name: (m[1] if pattern.groups else m[0]).strip() for name, m in matches if m}
    if not items:
        problem = f"{finder.file}: no column matches unpivot: {load.unpivot.pattern}"
        raise UserError(problem, near(load.unpivot.pattern, finder.header, "The file's columns"))
    repeated = sorted({i for i in items.values() if list(items.values()).count(i) > 1})
    if repeated:
        problem = f"{finder.file}: two columns are the item {repeated[0]!r} by unpivot."
        raise UserError(problem, "Narrow the pattern, or list the columns.", Exit.PROJECT)
    return items


def _refuse_missing(finder: _Finder, load: Load) -> None:
    missing = list(dict.fromkeys(finder.missing))
    if not missing:
        return
    named = ", ".join(map(repr, missing))
    what = f"is no column {named}" if len(missing) == 1 else f"are no columns {named}"
    fix = near(missing[0], finder.header, "The file's columns")
    if holds_data(finder.header):
        what += f" but {DATA}"
        fix = HEADER_ROW
    elif len(finder.header) == 1 < len(missing):
        what += " but one text, as in a title"
        fix = HEADER_ROW
    raise UserError(f"{finder.file}: there {what}, which {load.table} reads.", fix)


def _check_required(mapping: Mapping, load: Load, finder: _Finder) -> None:
    filled = mapping.columns()
    missing = [c.name for c in mapping.contract.columns if c.required and c.name not in filled]
    tried = [name for name in missing if load.aliases.get(name)]
    if load.table == "surveys" and "person_id" in tried:
        problem = (
            f"{finder.file}: no column says who answered ({_listed(load, 'person_id')}); results "
            "by group cannot be linked to people."
        )
        fix = f"{ASK} Reading results of groups comes with a later version."
        raise UserError(problem, fix)
    if tried:
        name = tried[0]
        problem = (
            f"{finder.file}: no column is {', '.join(tried)}, which {load.table} needs; "
            f"{name} was looked for as: {_listed(load, name)}."
        )
        raise UserError(problem, _nearest(load.aliases[name], finder.header, name))
    if missing:
        problem = f"Source {mapping.source.name}: {load.table} needs the column {missing[0]!r}."
        fix = "Name the file's column for it under columns, or a fixed text under constants."
        raise UserError(problem, fix, Exit.PROJECT)


def _listed(load: Load, name: str) -> str:
    return ", ".join(alias for alias in load.aliases[name] if alias not in PSEUDO)


def _check_names(file: DeliveredFile, load: Load, contract: Contract) -> None:
    """The load names only columns of its table, and formats that can be told apart."""
    known = [c.name for c in contract.columns if c.role and c.role != "attributes"]
    unpivot = [load.unpivot.item, load.unpivot.value] if load.unpivot else []
    mappings = (load.columns, load.aliases, load.constants, load.values, load.formats)
    more = (load.null_words, load.scale_by, load.range)
    for name in [n for keys in (*mappings, *more) for n in keys] + unpivot:
        if name not in known:
            problem = f"Source {file.source.name}: {contract.table} has no column {name!r}."
            raise UserError(problem, near(name, known, "The table's columns"), Exit.PROJECT)
    _check_id_systems(file, load, contract)
    for name, forms in load.formats.items():
        dates.check_formats((forms,) if isinstance(forms, str) else forms, name)


def _check_id_systems(file: DeliveredFile, load: Load, contract: Contract) -> None:
    identifiers = [c.name for c in contract.columns if c.role == "identifier"]
    days = [c.name for c in contract.columns if c.role in {"date", "month"}]
    named = [(name, identifiers, "id_systems") for name in load.id_systems]
    if load.id_date:
        named.append((load.id_date, days, "id_date"))
    for name, known, key in named:
        if name not in known:
            problem = (
                f"Source {file.source.name}: {key}: {contract.table} has no such column {name!r}."
            )
            raise UserError(problem, near(name, known, "Such columns"), Exit.PROJECT)


def near(name: str, known: Iterable[str], what: str) -> str:
    """How to mend a name nobody knows: the nearest one, or all there are."""
    folded = {fold(k): k for k in known}
    close = difflib.get_close_matches(fold(name), folded, n=1)
    if close:
        return f"Did you mean {folded[close[0]]!r}? Correct the name in the project file."
    names = sorted(folded.values())
    shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    return f"{what} are: {shown}. Correct the project file, or deliver the column."


def _nearest(aliases: tuple[str, ...], header: tuple[str, ...], canonical: str) -> str:
    folded = {fold(h): h for h in header}
    close = [
        folded[match]
        for alias in aliases
        for match in difflib.get_close_matches(fold(alias), folded, n=1)
    ]
    name = close[0] if close else "THE FILE'S COLUMN"
    hint = f"Did you mean {name!r}? " if close else ""
    return f"{hint}Add `columns: {{{canonical}: {name}}}` to the load, or deliver the column."


__all__ = ["ROW_NUMBER", "fold", "near", "resolve"]
