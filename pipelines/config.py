"""The project file: one frozen Settings, validated with messages that name the key and the fix."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from analysis.diagnostics.thresholds import Thresholds
from analysis.errors import SpecError
from analysis.literature import Shelf
from analysis.money.rules import check_money
from analysis.money.spec import MoneyCase
from analysis.rules import MIN_GROUP, MIN_GROUP_FLOOR, Rules
from analysis.study import StudySpec, explain, parse_study
from pipelines.delivery import Source
from pipelines.errors import Exit, UserError
from pipelines.identity import Identity
from pipelines.instruments import (
    InstrumentUse,
    KeyRow,
    instrument_files,
    read_instruments,
    scoring_keys,
)
from pipelines.literature import literature_files, read_shelf
from pipelines.lottery_audit import draw_files
from pipelines.parts import Part, located, read_spec, read_yaml
from pipelines.timetable import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PROJECT_FILE = "mentorlift.yml"
# What only a company's own HR system delivers; published research data never holds it.
MOST_PLACEBOS = 2_000  # placebo programmes of a study in one run
HR_TABLES = frozenset({"employment", "jobs"})


class Programme(Part):
    """One mentoring programme as people call it."""

    id: str
    name: str = ""


class Retention(Part):
    """How long personal data are kept."""

    months: int = Field(gt=0)


class History(Part):
    """How employment spells are read: what joins them, and what an unknown reason of exit does."""

    transfer_gap_days: int | None = Field(default=3, ge=0, le=31)
    unmapped_reasons: Literal["stop", "quarantine"] = "stop"


class Settings(Part):
    """One project. Purpose, lawful basis and retention are mandatory: no run without them."""

    project: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    title: str
    purpose: str = Field(min_length=10)
    lawful_basis: str = Field(min_length=3)
    retention: Retention
    backups: tuple[str, ...] = ()
    disclosure: Literal["protected", "public"] = "protected"
    min_group: int = Field(default=MIN_GROUP, ge=MIN_GROUP_FLOOR)
    note: str = ""
    calibrate: int = Field(default=0, ge=0, le=MOST_PLACEBOS)
    programmes: tuple[Programme, ...] = ()
    history: History = History()
    sources: tuple[Source, ...] = Field(min_length=1)
    identity: Identity | None = None
    instruments: tuple[InstrumentUse, ...] = ()
    thresholds: Thresholds = Thresholds()
    money: tuple[MoneyCase, ...] = ()
    schedule: Schedule = Schedule()

    @model_validator(mode="after")
    def _public_means_published(self) -> Self:
        tables = {load.table for source in self.sources for load in source.loads}
        if self.disclosure == "public" and tables & HR_TABLES:
            raise ValueError(
                "disclosure: public is for published data; a project that loads employment or "
                "jobs is a company's own and must be protected"
            )
        names = [s.name for s in self.sources]
        if len(set(names)) < len(names):
            raise ValueError("two sources have the same name")
        return self

    @model_validator(mode="after")
    def _identity_fits_the_sources(self) -> Self:
        names = {s.name for s in self.sources}
        systems = self.identity.systems if self.identity else {}
        if self.identity:
            for name in (*self.identity.master, *(x.source for x in self.identity.links)):
                if name not in names:
                    raise ValueError(f"identity: there is no source {name!r}")
        for source in self.sources:
            for column, system in (x for load in source.loads for x in load.id_systems.items()):
                if system not in systems:
                    raise ValueError(
                        f"source {source.name}: id_systems: {column}: {system!r} is not declared "
                        "under identity: systems"
                    )
        return self

    @property
    def rules(self) -> Rules:
        """The disclosure rules of this project."""
        return Rules(mode=self.disclosure, min_group=self.min_group)


class Project(Part):
    """A project folder as read: settings, studies, keys, literature, the hash of all files."""

    folder: Path
    settings: Settings
    studies: tuple[StudySpec, ...]
    keys: tuple[KeyRow, ...] = ()
    shelf: Shelf = ()
    digest: str


def load_project(folder: Path) -> Project:
    """The project in ``folder``; raises UserError naming file, key and fix."""
    file = folder / PROJECT_FILE
    if not file.is_file():
        raise UserError(
            f"{file}: there is no project file",
            f"Name a folder that holds {PROJECT_FILE}; data/examples/ has some to copy.",
            Exit.PROJECT,
        )
    settings = _settings(file)
    paths = sorted((folder / "studies").glob("*.yml"))
    studies = tuple(read_study(path, settings.thresholds) for path in paths)
    _check_studies(file, settings, paths, studies)
    return Project(
        folder=folder,
        settings=settings,
        studies=studies,
        keys=scoring_keys(read_instruments(folder), settings.instruments, file),
        shelf=read_shelf(folder),
        digest=_digest(folder, (file, *paths), draw_files(folder, studies)),
    )


def _digest(folder: Path, declared: Iterable[Path], lots: Iterable[Path]) -> str:
    """One hash over every file that the project rests on, apart from its data."""
    return hash_of((*declared, *reading_files(folder), *literature_files(folder), *lots))


def reading_files(folder: Path) -> list[Path]:
    """The files beside the project file by which deliveries are read."""
    mappings = sorted((folder / "mappings").glob("*.csv"))
    dialects = sorted((folder / "dialects").glob("*.yml"))
    return [*mappings, *dialects, *instrument_files(folder)]


def hash_of(files: Iterable[Path], before: str = "") -> str:
    """SHA-256 over a text and the names and contents of files."""
    digest = hashlib.sha256(before.encode())
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _check_studies(
    file: Path, settings: Settings, paths: list[Path], studies: tuple[StudySpec, ...]
) -> None:
    """Names and programmes fit the project; what is priced is priced once."""
    names = [s.study for s in studies]
    for path, name in zip(paths, names, strict=True):
        if names.count(name) > 1:
            raise UserError(
                f"{path}: study: another file has the same study name",
                "Give each study a name of its own.",
                Exit.PROJECT,
            )
    known = {p.id for p in settings.programmes}
    for path, study in zip(paths, studies, strict=True):
        if study.programme not in known:
            raise UserError(
                f"{path}: programme: not one of the project's programmes",
                f"Use one of: {', '.join(sorted(known)) or '(none declared)'}; or declare it "
                f"under programmes in {PROJECT_FILE}.",
                Exit.PROJECT,
            )
    try:
        check_money(settings.money, studies)
    except SpecError as error:
        raise located(file, error) from None


def _settings(file: Path) -> Settings:
    data = read_yaml(file)
    for key in _unfilled(data):
        fix = "Replace the TODO by what holds for your company, then check again."
        raise UserError(f"{file}: {key}: is still to be filled in", fix, Exit.PROJECT)
    for key in ("purpose", "lawful_basis", "retention"):
        if isinstance(data, dict) and not data.get(key):
            raise UserError(
                f"{file}: {key}: is missing; nothing is read without it",
                f"Write down {key}: data about people at work are processed for a stated purpose, "
                "on a lawful basis, and for a limited time.",
                Exit.PROJECT,
            )
    try:
        return Settings.model_validate(data, context={"folder": file.parent})
    except ValidationError as error:
        raise located(file, explain(error, Settings)) from None


def _unfilled(data: Any, key: str = "") -> Iterator[str]:
    """Keys whose value is still a TODO, as `mentorlift init` leaves them."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield from _unfilled(value, f"{key}.{name}".lstrip("."))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _unfilled(value, f"{key}.{number}")
    elif isinstance(data, str) and data.split(" ")[0].rstrip(":") == "TODO":
        yield key


def chosen_studies(
    project: Project, named: str | None, otherwise: str = ""
) -> tuple[StudySpec, ...]:
    """The project's studies, or the one of that name; UserError with those there are if none.
    ``otherwise`` ends the hint: what else may be named.
    """
    found = tuple(study for study in project.studies if named in (None, study.study))
    if found or named is None:
        return found
    known = ", ".join(study.study for study in project.studies) or "none"
    fix = f"Studies of the project: {known}{otherwise}."
    raise UserError(f"--study: there is no study {named!r}", fix, Exit.PROJECT)


def read_study(path: Path, limits: Thresholds) -> StudySpec:
    """The study in a file, with the project's limits; raises UserError naming file, key and fix."""
    return read_spec(path, parse_study).model_copy(update={"thresholds": limits})
