"""Fixtures shared by all tests; the published data sets live outside the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with the published benchmark data; MENTORLIFT_SHARED says where, default ../shared."""
    folder = Path(os.environ.get("MENTORLIFT_SHARED", ROOT / ".." / "shared")).resolve()
    if not (folder / "benchmarks").is_dir():
        pytest.skip(
            f"published benchmark data absent at {folder}: set MENTORLIFT_SHARED to the folder "
            "that holds benchmarks/"
        )
    return folder
