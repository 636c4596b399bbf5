"""The manifest of a run: what went in, with which code, and which stages are finished."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RunManifest:
    """Everything needed to rebuild a run, and nothing that changes between equal runs.

    ``run`` is a hash of code, project, studies and inputs. ``inputs`` maps file to SHA-256,
    ``studies`` study to specification hash, ``packages`` name to version, ``stages`` finished
    stage to the SHA-256 of what it made. ``key_id`` tells keys apart without giving them away; it
    is no part of the run's id, since reports do not depend on the key. ``exact_rows``: estimated
    from every row, without compression. ``registered`` maps study to the line of the registry in
    which it stands and the entries that its answer was held against.
    """

    run: str
    project: str
    title: str
    code_version: str
    code_hash: str
    project_hash: str
    as_known_at: str
    inputs: dict[str, str] = field(default_factory=dict)
    studies: dict[str, str] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    stages: dict[str, str] = field(default_factory=dict)
    key_id: str = ""
    exact_rows: bool = False
    registered: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    def inputs_hash(self) -> str:
        """SHA-256 over the names and hashes of all input files."""
        return hashlib.sha256(json.dumps(self.inputs, sort_keys=True).encode()).hexdigest()


def manifest_from(saved: dict[str, Any]) -> RunManifest:
    """The manifest that a run of any version wrote: keys that are not known are left out."""
    known = {f.name for f in fields(RunManifest)}
    return RunManifest(**{k: v for k, v in saved.items() if k in known})
