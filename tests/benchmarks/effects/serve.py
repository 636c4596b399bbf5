"""A child process that does one task whenever it is told to, and says what it took.

Protocol: a line on standard input for each round, one line of JSON on standard output in reply.
It needs the standard library alone: it runs in the environment of the peers as well.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    # name of a figure: estimate and standard error (nan without one)
    Figures = dict[str, tuple[float, float]]


def serve(prepare: Callable[[], Callable[[], Figures]], about: dict[str, object]) -> None:
    """Make the task ready, say ``about``, then do it for each line read; stdout is ours alone."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a package prints goes to standard error
    task = prepare()
    answer(out, about)
    for _ in sys.stdin:
        start, cpu = time.perf_counter(), time.process_time()
        figures = task()
        answer(
            out,
            {
                "seconds": time.perf_counter() - start,
                "cpu": time.process_time() - cpu,
                "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
                "figures": {key: [float(x) for x in pair] for key, pair in figures.items()},
            },
        )


def answer(out: TextIO, document: dict[str, object]) -> None:
    out.write(json.dumps(document) + "\n")
    out.flush()
