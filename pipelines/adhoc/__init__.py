"""Ad hoc SQL of analysts on the published file, from a query text nobody has to trust."""

from pipelines.adhoc.render import as_csv, as_json, as_table
from pipelines.adhoc.sandbox import QueryResult, describe, query, tables

__all__ = ["QueryResult", "as_csv", "as_json", "as_table", "describe", "query", "tables"]
