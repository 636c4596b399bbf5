"""From delivered files to landed tables: pseudonyms, named rules, and a count for every row."""

from __future__ import annotations

from pipelines.ingest.files import input_hashes
from pipelines.ingest.land import land
from pipelines.ingest.report import IngestReport

__all__ = ["IngestReport", "input_hashes", "land"]
