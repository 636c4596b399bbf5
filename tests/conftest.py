"""Fixtures shared by all tests; the published data sets live outside the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import Phase, settings

import pipelines  # noqa: F401  (says how memory is cleared, before any test loads DuckDB)

# Where CI is set Hypothesis takes the profile "ci": the same examples in every run, no database,
# and what fails printed as a blob. Ours stops at the first failure, since making it small may take
# five minutes of each test; "ci-small" is the same with that.
settings.register_profile("ci-small", settings.get_profile("ci"))
settings.register_profile("ci", settings.get_profile("ci"), phases=(Phase.explicit, Phase.generate))

ROOT = Path(__file__).resolve().parent.parent
# Folders whose files take longest. Two processes that share files out end together where the short
# ones come last.
LONGEST = ("recovery", "models", "flows", "postgres", "scenarios", "detection", "reference")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of the folders that take longest are tested first."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.parent.name, len(place)))


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
