"""The process of an ad hoc query ends without its parent, and its answer is checked."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from pipelines.adhoc import sandbox
from pipelines.errors import Exit, UserError
from tests.unit.analyst_file import publish

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("published"))


BOMB = "select count(*) from range(1000000) a, range(1000000) b"


def test_a_query_without_a_parent_ends_by_itself(db: Path) -> None:
    request = {"db": str(db), "sql": BOMB, "seconds": 0.5, "memory_mb": 256, "max_rows": 1}
    done = subprocess.run(
        sandbox.COMMAND,
        input=json.dumps(request).encode(),
        env=sandbox.ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        timeout=20,
    )
    assert -done.returncode in (signal.SIGALRM, signal.SIGXCPU)


HEAD, END = b'{"columns": ["a"], "types": ["INTEGER"]}', b'{"end": true, "truncated": false}'


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [HEAD],
        [HEAD, b"[1]"],
        [HEAD, b"[1, 2]", END],
        [HEAD, b"[[1]]", END],
        [HEAD, b'[{"a": 1}]', END],
        [HEAD, b"[1]", b"[2]", b"[3]", END],
        [HEAD, b"1", END],
        [b"not json", END],
        [b"[" * 100_000, END],
        [b'{"failed": ["a", "b", 99]}'],
        [b'{"failed": 1}'],
        [b'{"columns": [1], "types": ["INTEGER"]}', END],
    ],
)
def test_an_answer_of_the_wrong_shape_is_not_taken(lines: list[bytes]) -> None:
    with pytest.raises(UserError) as caught:
        sandbox._read(lines, -signal.SIGKILL, max_rows=2)
    assert caught.value.exit_code is Exit.LIMIT
