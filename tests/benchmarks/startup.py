"""How long the command line takes to say what it can do, and a run of the demo company.

Prints one line a measurement; `make bench-start`. The peer of `--help` is a bare Python start.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 7


def seconds(command: list[str]) -> float:
    """Wall time of one process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Alternate the two commands and print medians and their ratio."""
    tool = str(Path(sys.executable).with_name("mentorlift"))
    pairs = [
        (seconds([tool, "--help"]), seconds([sys.executable, "-c", "pass"])) for _ in range(ROUNDS)
    ]
    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"mentorlift --help   {ours:.3f} s   python -c pass {bare:.3f} s   ratio {ours / bare:.1f}"
    )
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        made = seconds([tool, "demo", "--out", folder])
        print(f"mentorlift demo     {made:.1f} s   (5,000 people)")
        command = [tool, "run", str(base / "project"), "--data", str(base / "exports")]
        first = seconds([*command, "--out", str(base / "out")])
        again = seconds([*command, "--out", str(base / "out")])
        print(f"mentorlift run      {first:.1f} s   unchanged inputs {again:.1f} s")


if __name__ == "__main__":
    main()
