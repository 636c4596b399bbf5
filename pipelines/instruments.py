"""Instruments of a project, the shipped ones and its own, and how its answers are scored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, Field

from analysis.instruments import Anchors, is_turned, parse_instrument
from pipelines.errors import Exit, UserError
from pipelines.parts import Part, read_spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analysis.instruments import Instrument, Item

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "instruments"
_ID = r"^[a-z][a-z0-9_]*$"


def _as_words(value: object) -> object:
    """Waves and items are text, whatever YAML made of them."""
    if isinstance(value, list | tuple):
        return tuple(str(v) for v in value)
    return value


class Printed(Part):
    """An item whose anchors were printed the other way round: in some waves, or in all."""

    item: str
    low: str
    high: str
    waves: Annotated[tuple[str, ...], BeforeValidator(_as_words)] = ()


class InstrumentUse(Part):
    """How this project asks an instrument: under which name, with which item ids.

    ``asked_in``: the questionnaire (column `instrument` of the answers) [its own name].
    ``called``: its name in studies and marts [its own name]. ``items``: id of the key -> id in the
    answers; those not named were not asked. ``wording``: the questions, of which none are shipped.
    """

    use: str
    called: str = Field(default="", pattern=rf"^$|{_ID}")
    asked_in: str = ""
    items: dict[str, str] = Field(default_factory=dict)
    printed: tuple[Printed, ...] = ()
    wording: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """How one delivered item enters one scale; ``wave`` None holds where no other row does."""

    questionnaire: str
    item: str
    wave: str | None
    instrument: str
    scale: str
    key_item: str
    wording: str
    low: float
    high: float
    anchor_low: str
    anchor_high: str
    is_reversed: bool
    weight: float
    items_total: int
    items_needed: int
    is_formative: bool


def read_instruments(project: Path | None = None) -> dict[str, Instrument]:
    """The shipped instruments and the project's own (`instruments/*.yml`), by name.

    Raises :class:`UserError` naming file, key and fix.
    """
    found: dict[str, Instrument] = {}
    for path in instrument_files(project):
        instrument = read_spec(path, parse_instrument)
        if instrument.instrument in found:
            problem = f"{path}: instrument: there is one of the name {instrument.instrument!r}"
            raise UserError(problem, "Give it another name.", Exit.PROJECT)
        found[instrument.instrument] = instrument
    return found


def instrument_files(project: Path | None) -> list[Path]:
    """Every file that says how answers are scored, the shipped ones first."""
    own = sorted((project / "instruments").glob("*.yml")) if project else []
    return [*sorted(SHIPPED.glob("*.yml")), *own]


def scoring_keys(
    known: dict[str, Instrument], used: Sequence[InstrumentUse], file: Path | str = "mentorlift.yml"
) -> tuple[KeyRow, ...]:
    """The key of every item that the project may have asked, one row a scale.

    An instrument that the project does not mention is looked for under its own name and ids.
    Raises :class:`UserError` naming the key in ``file`` and the fix.
    """
    rows: list[KeyRow] = []
    mentioned = {use.use for use in used}
    plain = [InstrumentUse(use=name) for name in sorted(known) if name not in mentioned]
    names: set[str] = set()
    for use in (*used, *plain):
        where = f"{file}: instruments: {use.use}"
        if use.use not in known:
            fix = f"Use one of: {', '.join(sorted(known))}; your own lie in instruments/."
            raise UserError(f"{where}: there is no such instrument", fix, Exit.PROJECT)
        name = use.called or use.use
        if name in names:
            fix = "Give one of them another name under `called`."
            raise UserError(f"{where}: {name} is used twice", fix, Exit.PROJECT)
        names.add(name)
        _check_ids(use, known[use.use], where)
        rows += _rows(use, known[use.use], where)
    return tuple(rows)


def _check_ids(use: InstrumentUse, instrument: Instrument, where: str) -> None:
    ids = {i.item for i in instrument.items}
    named = {"items": use.items, "wording": use.wording, "printed": [p.item for p in use.printed]}
    for key, items in named.items():
        for item in items:
            if item not in ids:
                fix = f"Its items are: {', '.join(i.item for i in instrument.items)}."
                problem = f"{where}: {key}: {item!r} is no item of {instrument.instrument}"
                raise UserError(problem, fix, Exit.PROJECT)
    delivered = list(use.items.values())
    for item in delivered:
        if delivered.count(item) > 1:
            fix = "Name for each item of the key the one that was asked."
            raise UserError(f"{where}: items: {item!r} stands twice", fix, Exit.PROJECT)


def _rows(use: InstrumentUse, instrument: Instrument, where: str) -> Iterator[KeyRow]:
    asked = use.items or {i.item: i.item for i in instrument.items}
    for item in instrument.items:
        if item.item not in asked:
            continue
        for wave, anchors in _anchors_by_wave(use, instrument, item, where).items():
            turned = is_turned(instrument.anchors_of(item), anchors)
            for scale in instrument.scales:
                if item.item not in instrument.items_of(scale):
                    continue
                yield KeyRow(
                    questionnaire=use.asked_in or use.called or use.use,
                    item=asked[item.item],
                    wave=wave,
                    instrument=use.called or use.use,
                    scale=scale,
                    key_item=item.item,
                    wording=use.wording.get(item.item, item.wording),
                    low=instrument.range[0],
                    high=instrument.range[1],
                    anchor_low=anchors.low,
                    anchor_high=anchors.high,
                    is_reversed=(item.more == "low") != turned,
                    weight=item.weight or 1.0,
                    items_total=len(instrument.items_of(scale)),
                    items_needed=instrument.needed(scale),
                    is_formative=instrument.formative,
                )


def _anchors_by_wave(
    use: InstrumentUse, instrument: Instrument, item: Item, where: str
) -> dict[str | None, Anchors]:
    """The printed anchors of an item: for all waves (None), and for those printed otherwise."""
    key = instrument.anchors_of(item)
    by_wave: dict[str | None, Anchors] = {None: key}
    said: set[str | None] = set()
    for printed in use.printed:
        if printed.item != item.item:
            continue
        here = f"{where}: printed: {item.item}"
        try:
            anchors = Anchors(low=printed.low, high=printed.high)
            is_turned(key, anchors)
        except ValueError as error:
            why = str(error) if "anchors are" in str(error) else "its two anchors are the same"
            fix = "Write under low and high what stood at the lowest and the highest number."
            raise UserError(f"{here}: {why}", fix, Exit.PROJECT) from None
        for wave in printed.waves or (None,):
            if wave in said:
                fix = "Say once what was printed."
                raise UserError(f"{here}: wave {wave or '(all)'} twice", fix, Exit.PROJECT)
            said.add(wave)
            by_wave[wave] = anchors
    return by_wave
