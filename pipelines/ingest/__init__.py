"""From delivered files to landed tables: pseudonyms, named rules, and a count for every row."""

from __future__ import annotations

from pipelines.ingest.files import input_hashes
from pipelines.ingest.land import land, write_workbooks
from pipelines.ingest.ledger import remember
from pipelines.ingest.reasons import read_reasons
from pipelines.ingest.report import IngestReport, partial

__all__ = [
    "IngestReport",
    "input_hashes",
    "land",
    "partial",
    "read_reasons",
    "remember",
    "write_workbooks",
]
