"""The fixture that builds little warehouses and closes them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

from tests.models.given import Warehouse


@pytest.fixture
def warehouse():
    """Builds a warehouse in memory from landed tables drawn as text."""
    with ExitStack() as opened:

        def build(**landed: Any) -> Warehouse:
            given = Warehouse(**landed)
            opened.enter_context(given.engine)
            return given

        yield build
