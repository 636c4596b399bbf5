"""What dead processes have spilled, beside runs that come and go."""

from pathlib import Path

import pytest

from pipelines.engine import SPILLED
from pipelines.publish import left_by_dead


def test_a_folder_that_goes_while_it_is_looked_at_is_nobodys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead, gone = (tmp_path / f"{SPILLED}{2**22 + n}-x" for n in (1, 2))  # beyond any process
    dead.mkdir()
    monkeypatch.setattr(Path, "glob", lambda *_: iter([gone, dead]))
    assert list(left_by_dead(tmp_path)) == [dead]
