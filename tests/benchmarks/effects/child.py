"""A child process that is asked for rounds, watched, and ended when it takes too much."""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
import time
from pathlib import Path

# Threads of linear algebra spin while they wait: on a shared machine one is faster, and fair.
# pyfixest's clustered standard errors change with the seed of hashes.
ENVIRONMENT = {
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "PYTHONHASHSEED": "0",
}
_PAGE_GB = os.sysconf("SC_PAGE_SIZE") / 1e9
_LOOK = 0.2  # seconds between two looks at the memory


class ChildFailed(Exception):
    """Why a child gave no answer, in a few words."""


class Child:
    """A process that speaks the protocol of `serve.py`."""

    def __init__(self, command: list[str], memory_gb: float) -> None:
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed with the child
        self._memory_gb = memory_gb
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, **ENVIRONMENT},
        )

    def ask(self, seconds: float) -> dict:
        """One round; raises ChildFailed after so many seconds, or beyond the memory."""
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return self.read(seconds)

    def read(self, seconds: float) -> dict:
        """The next answer."""
        deadline = time.monotonic() + seconds
        while not select.select([self._process.stdout], [], [], _LOOK)[0]:
            if time.monotonic() > deadline:
                raise ChildFailed(f"over {seconds:.0f} s")
            if self._resident_gb() > self._memory_gb:
                raise ChildFailed(f"over {self._memory_gb:.0f} GB")
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            lines = self._errors.read().strip().splitlines() or ["no message"]
            raise ChildFailed(f"ended by itself: {lines[-1][:80]}")
        return json.loads(line)

    def _resident_gb(self) -> float:
        try:
            text = Path(f"/proc/{self._process.pid}/statm").read_text()
        except OSError:
            return 0.0
        return int(text.split()[1]) * _PAGE_GB

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._errors.close()
