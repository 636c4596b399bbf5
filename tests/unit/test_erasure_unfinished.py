"""What an erasure that was killed finds when it is begun again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipelines.erasure import unfinished
from pipelines.erasure.search import Token
from pipelines.erasure.tombstones import UNFINISHED, Record, Tombstone
from pipelines.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

TOKEN, STONE = Token("identifier", "E0042"), Tombstone(("a" * 64,), reason="asked for")


def test_what_is_looked_for_and_the_tombstones_come_back(tmp_path: Path) -> None:
    assert unfinished.read(tmp_path, "k", ()) == ([], ())
    unfinished.write(tmp_path, Record("k"), [TOKEN], [STONE])
    assert unfinished.read(tmp_path, "k", ()) == ([TOKEN], (STONE,))
    (stone,) = unfinished.read(tmp_path, "new", ["k"])[1]
    assert stone.key_id == "k"
    with pytest.raises(UserError, match="begun with another key"):
        unfinished.read(tmp_path, "new", ())


def test_the_list_of_the_first_version_is_read_and_a_newer_file_refused(tmp_path: Path) -> None:
    file = tmp_path / UNFINISHED
    file.write_text(json.dumps([{"kind": "identifier", "text": "E0042"}]))
    assert unfinished.read(tmp_path, "k", ()) == ([TOKEN], ())
    file.write_text(json.dumps({"schema_version": 99, "tokens": []}))
    with pytest.raises(UserError, match="written by a newer mentorlift"):
        unfinished.read(tmp_path, "k", ())
