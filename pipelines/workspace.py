"""The output folder of a run: where each file lies, and which stages are already finished."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.manifest import RunManifest
from pipelines import durable, versions
from pipelines.errors import UserError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from pipelines.config import Project

ROOT = Path(__file__).resolve().parent.parent
CODE = ("analysis", "pipelines", "reports")
# What a run publishes, below its output folder, in the order of the index and copied into the site:
# the same inputs give the same bytes of each. Who makes one of them only sometimes removes the one
# that the run before has left.
ARTIFACTS = ("report.html", "findings.json", "report.xlsx")
_CODE_SUFFIXES = {".py", ".sql", ".yml", ".j2", ".css", ".js"}
_PACKAGES = ("duckdb", "numpy", "pandas", "plotly", "scipy", "statsmodels")


@dataclass(frozen=True, slots=True)
class Workspace:
    """Paths of one run below its output folder."""

    out: Path
    run: str

    @property
    def runs(self) -> Path:
        """A folder a run."""
        return self.out / "runs"

    @property
    def work(self) -> Path:
        """Files of unfinished stages; removed once the run is published."""
        return self.runs / self.run / "work"

    @property
    def work_of_all(self) -> list[Path]:
        """What every run keeps of its stages, in the order of the names."""
        return sorted(self.runs.glob("*/work/*"))

    @property
    def manifest(self) -> Path:
        """What went in and which stages are finished."""
        return self.runs / self.run / "manifest.json"

    @property
    def record(self) -> Path:
        """What it released, for the next report and the index; kept for good."""
        return self.runs / self.run / "record.json"

    @property
    def site(self) -> Path:
        """All reports with an index, to be put on a web server."""
        return self.out / "site"

    @property
    def index(self) -> Path:
        """The first page of the site."""
        return self.site / "index.html"

    @property
    def page(self) -> Path:
        """The report of this run within the site."""
        return self.site / self.run / ARTIFACTS[0]

    @property
    def landed(self) -> Path:
        """The database right after ingest."""
        return self.work / "ingested.duckdb"

    @property
    def built(self) -> Path:
        """The database with staging and marts."""
        return self.work / "built.duckdb"

    @property
    def reconciliation(self) -> Path:
        """Where every row of every file went."""
        return self.work / "reconciliation.json"

    @property
    def quarantine(self) -> Path:
        """Workbooks with the rows HR is to correct."""
        return self.out / "quarantine"

    @property
    def ledger(self) -> Path:
        """The deliveries of earlier runs."""
        return self.out / "ledger.json"

    @property
    def checks(self) -> Path:
        """What the checks of the marts said."""
        return self.work / "checks.json"

    @property
    def releases(self) -> Path:
        """What may be shown of each study."""
        return self.work / "releases.json"

    @property
    def asked(self) -> Path:
        """The studies as they were answered, and the rules they were released by."""
        return self.work / "asked.json"

    @property
    def calibrations(self) -> Path:
        """What placebo programmes of each study found; empty where none were asked for."""
        return self.work / "calibrations.json"

    @property
    def warehouses(self) -> Path:
        """Finished warehouses and the pointer to the current one."""
        return self.out / "warehouse"

    @property
    def private(self) -> Path:
        """What leads from identifiers to persons; never for analysts."""
        return self.out / "private"

    @property
    def identity(self) -> Path:
        """The crosswalk of identifiers, mails and names."""
        return self.private / "identity.duckdb"

    @property
    def report(self) -> Path:
        """The report."""
        return self.out / "report.html"

    @property
    def findings(self) -> Path:
        """The same results for machines."""
        return self.out / "findings.json"

    @property
    def workbook(self) -> Path:
        """The tables of the report."""
        return self.out / "report.xlsx"

    @property
    def artifacts(self) -> tuple[Path, ...]:
        """What the run publishes, in the order of ``ARTIFACTS``."""
        return tuple(self.out / name for name in ARTIFACTS)

    @property
    def analyst(self) -> Path:
        """The analysts' database."""
        return self.out / "analyst.duckdb"


def file_hash(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@cache
def code_hash() -> str:
    """SHA-256 over the product's own sources: another code is another run."""
    digest = hashlib.sha256()
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in _CODE_SUFFIXES and "__pycache__" not in path.parts:
                digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
                digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def new_manifest(
    project: Project,
    inputs: dict[str, str],
    *,
    exact_rows: bool = False,
    erased: str = "",
    due: dict[str, dt.date] | None = None,
) -> RunManifest:
    """The manifest of a run that has not begun; its id is a hash of all that goes in.

    ``erased`` is a hash of who is left out, empty where that is nobody; ``due`` are the last days
    that files were due, none where no source says when it is.
    """
    packages = {name: metadata.version(name) for name in _PACKAGES}
    packages["python"] = ".".join(str(v) for v in sys.version_info[:3])
    known = {"code": code_hash(), "project": project.digest, "inputs": inputs, "packages": packages}
    if exact_rows:
        known["exact_rows"] = True
    if erased:
        known["erased"] = erased
    if due:
        known["due"] = {source: day.isoformat() for source, day in due.items()}
    text = json.dumps(known, sort_keys=True)
    as_of = max((s.as_of.isoformat() for s in project.studies), default="")
    return RunManifest(
        run=hashlib.sha256(text.encode()).hexdigest()[:12],
        project=project.settings.project,
        title=project.settings.title,
        code_version=metadata.version("mentorlift"),
        code_hash=code_hash(),
        project_hash=project.digest,
        as_known_at=as_of,
        inputs=inputs,
        studies={s.study: s.digest() for s in project.studies},
        packages=packages,
        exact_rows=exact_rows,
    )


def write_json(path: Path, value: Any) -> None:
    """Write JSON atomically, keys in the order given."""
    durable.write(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def read_json(path: Path, kind: str = "") -> Any:
    """The content of a JSON file; of a ``kind`` whose version this code must know.

    Raises :class:`UserError` where it is cut off or no JSON, or newer.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        fix = "Restore it from a backup; or remove it and run the project again."
        raise UserError(f"{path}: is cut off, or no JSON", fix) from None
    if kind and isinstance(content, dict):
        versions.checked(kind, content.get(versions.KEY), path)
    return content


def resume(space: Workspace, fresh: RunManifest) -> RunManifest:
    """The manifest of an earlier, unfinished run of the same inputs, or the fresh one."""
    if not space.manifest.is_file():
        return fresh
    saved = read_json(space.manifest, "manifest")
    if (
        saved.get("key_id") != fresh.key_id
    ):  # other pseudonyms: nothing made with the old key counts
        return fresh
    return replace(
        fresh, stages=dict(saved.get("stages", {})), registered=dict(saved.get("registered", {}))
    )


def is_finished(space: Workspace, manifest: RunManifest, stage: str, files: Iterable[Path]) -> bool:
    """Whether the stage was finished and its files are still what it wrote."""
    saved = manifest.stages.get(stage)
    return saved is not None and saved == fingerprint(files)


def finish(
    space: Workspace, manifest: RunManifest, stage: str, files: Iterable[Path]
) -> RunManifest:
    """Write down that a stage is finished."""
    stages = {**manifest.stages, stage: fingerprint(files)}
    marked = replace(manifest, stages=stages)
    write_json(space.manifest, versions.stamped("manifest", marked.as_dict()))
    return marked


def fingerprint(files: Iterable[Path]) -> str:
    """One hash over the contents of files; empty when one of them is absent."""
    digest = hashlib.sha256()
    for path in files:
        if not path.is_file():
            return ""
        digest.update(bytes.fromhex(file_hash(path)))
    return digest.hexdigest()
