"""A small project on disk: files written from text, landed into a database in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.config import Settings
from pipelines.engine import Engine
from pipelines.ingest import land

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.ingest import IngestReport

KEY = bytes(range(32))


def settings(*sources: dict[str, Any], **keys: Any) -> Settings:
    """A project of these sources and keys; sources may leave out what does not matter here."""
    return Settings.model_validate(
        {
            "project": "test",
            "title": "Test",
            "purpose": "Tests of the ingest",
            "lawful_basis": "invented data",
            "retention": {"months": 1},
            "programmes": [{"id": "P"}],
            "sources": [
                {"name": f"source-{i}", "delivered_on": "2024-01-31", **source}
                for i, source in enumerate(sources)
            ],
            **keys,
        }
    )


class Landing:
    """What landed of one project, and the report of it."""

    def __init__(self, data: Path, project: Settings) -> None:
        with Engine.memory(threads=1) as engine:
            self.report: IngestReport = land(engine, project, data, KEY)
            names = engine.rows(
                "select table_name from duckdb_tables() where schema_name = 'landed'"
            )
            self.tables = {name: engine.frame(f"from landed.{name}") for (name,) in names}

    def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        """The landed rows of a table in these columns, nothing as None."""
        frame = self.tables[table]
        if "_seq" in frame.columns:
            frame = frame.sort_values("_seq")
        plain = frame[list(columns)].astype(object)
        return list(plain.where(plain.notna(), None).itertuples(index=False, name=None))


def performance(**changes: Any) -> dict[str, Any]:
    """A load of the table performance from the columns id, month and sales."""
    load = {
        "table": "performance",
        "columns": {"person_id": "id", "period": "month", "value": "sales"},
        "constants": {"metric": "sales"},
    }
    return load | changes
