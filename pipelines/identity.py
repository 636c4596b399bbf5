"""What a project declares about identifiers: their kinds, and which sources join them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from pipelines.parts import Part

UnknownPerson = Literal["quarantine", "load"]


class IdSystem(Part):
    """A kind of identifier that people carry.

    ``lifelong``: one for each person for ever, never given to anybody else. ``several``: a person
    may carry many at one time, such as one a programme. ``without_at``: the system to which a
    cell of a mail column belongs when it holds no @.
    """

    kind: Literal["number", "text", "mail", "name"]
    width: int | None = Field(default=None, ge=1, le=30)
    lifelong: bool = False
    several: bool = False
    without_at: str | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.width is not None and self.kind != "number":
            raise ValueError("width is for kind: number; only digits are padded with zeros")
        if (self.lifelong or self.several) and self.kind in {"mail", "name"}:
            raise ValueError("lifelong and several are for numbers and texts, not mails and names")
        if self.lifelong and self.several:
            raise ValueError("what is lifelong is one a person; several cannot be")
        if self.without_at is not None and self.kind != "mail":
            raise ValueError("without_at is for kind: mail")
        return self


class Link(Part):
    """A source whose rows carry several identifiers of one person: system -> header or headers.

    ``valid_from`` and ``valid_to`` are headers of the days between which the row's first number
    is in use; they tell a number issued again from two numbers in use at one time. ``pivot`` is the
    century of two-digit years, as in a load.
    """

    source: str
    ids: dict[str, str | tuple[str, ...]] = Field(min_length=1)
    valid_from: str | None = None
    valid_to: str | None = None
    date_format: str = "iso"
    pivot: int | None = Field(default=None, ge=0, le=99)


class Identity(Part):
    """How identifiers, mails and names of different systems lead to one person.

    ``master`` names the sources that know everybody; whoever they do not hold is unknown.
    ``encrypt`` has the crosswalk encrypted on the disk.
    """

    systems: dict[str, IdSystem] = Field(min_length=1, max_length=99)
    links: tuple[Link, ...] = ()
    master: tuple[str, ...] = ()
    unknown_person: UnknownPerson | None = None
    aliases_split: str = Field(default=";", min_length=1, max_length=3)
    review: str = "mappings/identity_review.csv"
    encrypt: bool = False

    @field_validator("review")
    @classmethod
    def _inside(cls, name: str) -> str:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ValueError("must lie below the project folder: no leading /, no .. in it")
        return name

    @model_validator(mode="after")
    def _systems_are_declared(self) -> Self:
        for name, system in self.systems.items():
            other = self.systems.get(system.without_at or name)
            if other is None or (system.without_at and other.kind in {"mail", "name"}):
                raise ValueError(f"systems: {name}: without_at must name a number or text system")
        for link in self.links:
            for name, headers in link.ids.items():
                if name not in self.systems:
                    raise ValueError(f"links: {link.source}: {name!r} is not one of the systems")
                if isinstance(headers, tuple) and self.systems[name].kind not in {"name", "mail"}:
                    raise ValueError(f"links: {link.source}: {name}: only names and mails are many")
        return self

    @property
    def unknown(self) -> UnknownPerson:
        """What becomes of a row whose person is not known, unless a load says otherwise."""
        return self.unknown_person or ("quarantine" if self.master else "load")

    def codes(
        self, *kinds: str, lifelong: bool | None = None, several: bool | None = None
    ) -> tuple[str, ...]:
        """The two-digit codes of the systems of these kinds, in the order declared."""
        return tuple(
            f"{position:02d}"
            for position, system in enumerate(self.systems.values())
            if system.kind in kinds
            and lifelong in {None, system.lifelong}
            and several in {None, system.several}
        )

    @property
    def lifelong(self) -> tuple[str, ...]:
        """Codes of systems that give one identifier to a person for ever."""
        return self.codes("number", "text", lifelong=True)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Codes of systems that give a person one identifier at a time."""
        return self.codes("number", "text", lifelong=False, several=False)

    @property
    def others(self) -> tuple[str, ...]:
        """Codes of systems that may give a person several identifiers at a time."""
        return self.codes("number", "text", several=True)

    def code(self, name: str) -> str:
        """The two-digit code of a system."""
        return f"{list(self.systems).index(name):02d}"
