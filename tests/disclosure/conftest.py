"""The key of the small company, for tests of its monthly reports."""

from tests.flows.conftest import key

__all__ = ["key"]
