"""Ad hoc SQL of analysts on the published file, from a query text nobody has to trust."""

from pipelines.adhoc.sandbox import QueryResult, describe, query, tables

__all__ = ["QueryResult", "describe", "query", "tables"]
