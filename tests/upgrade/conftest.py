"""The folder that the first released version left, unpacked once and copied for each test."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.flows.conftest import Firm, command, own_key

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
RELEASED = "0.1.0"
FIGURES = HERE / f"released-{RELEASED}"


class Cut(BaseException):
    """The process ends here; nothing catches it."""


@pytest.fixture(scope="session")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("released")
    with tarfile.open(HERE / f"released-{RELEASED}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="session", autouse=True)
def key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The key with which the fixture was made."""
    with own_key(tmp_path_factory.mktemp("key")) as path:
        yield path


@pytest.fixture
def old(archived: Path, tmp_path: Path) -> Firm:
    """The folder as the first version left it."""
    shutil.copytree(archived, tmp_path / "old")
    return Firm.below(tmp_path / "old")


@pytest.fixture(scope="session")
def upgraded(archived: Path, tmp_path_factory: pytest.TempPathFactory) -> Firm:
    """The folder after `mentorlift upgrade`; read it, change nothing."""
    folder = tmp_path_factory.mktemp("upgraded") / "firm"
    shutil.copytree(archived, folder)
    code, out, err = command("upgrade", str(folder / "out"))
    assert code == 0, err
    assert out == "upgraded: warehouse, analyst, identity, ledger\n"
    return Firm.below(folder)
