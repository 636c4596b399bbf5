"""The small company of the flows serves here as well."""

from tests.flows.conftest import firm, key

__all__ = ["firm", "key"]
