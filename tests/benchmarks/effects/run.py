"""Effects from compressed panels beside other packages: seconds, memory and agreement.

`python tests/benchmarks/effects/run.py --people 10000 100000 1000000` prints Markdown tables. Each
task of each package runs in a process of its own, one at a time, alternating with ours; medians
of five rounds, of three where a round takes more than half a minute, and one round where it takes
more than a hundred seconds. Linear algebra has one thread
everywhere; the engine has two.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from child import Child, ChildFailed
from exits_data import write_exits

from data import MONTHS, write_mart

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
PEER_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
WARM = 2_000  # people of the small panel on which a package compiles itself
ROUNDS, FEWER, LONG, LONGEST = 5, 3, 30.0, 100.0
TITLES = {
    "twfe": "two-way fixed effects, clustered",
    "events": "event study, 60 event months, clustered",
    "cs": "210 ATT(g,t), all aggregations",
    "dr": "the same, doubly robust, 100 cells",
    "sql": "210 ATT(g,t), moments in SQL alone",
    "logit": "logit propensity, 480 cells",
    "aipw": "AIPW with standard error",
    "cloglog": "cloglog hazard, clustered by person",
    "cox": "Cox, mentoring starts along the way",
}
FLOORS = ("floor: scan", "floor: scan, group by", "floor: scan into Arrow")
PEERS = {
    "twfe": ("StatsPAI", "pyfixest", "linearmodels"),
    "events": ("StatsPAI", "pyfixest"),
    "cs": ("diff-diff", "StatsPAI", "csdid", "moderndid"),
    "dr": ("diff-diff", "StatsPAI", "csdid", "moderndid"),
    "logit": ("scikit-learn", "scikit-learn newton"),
    "cloglog": ("statsmodels newton", "statsmodels"),
    "cox": ("lifelines",),
}
EXITS = {"cloglog", "cox"}  # of careers and person-months, the others of the panel
Round = dict[str, object]


@dataclass(frozen=True)
class Limits:
    """Seconds of a round and GB of memory beyond which a process is ended."""

    seconds: float
    memory_gb: float


def median(rounds: list[Round], key: str) -> float:
    return statistics.median(float(one[key]) for one in rounds)


def peak(rounds: list[Round]) -> float:
    return max(float(one["peak_gb"]) for one in rounds)


def start_ours(folder: Path, task: str, limits: Limits) -> Child:
    child = Child([sys.executable, str(HERE / "ours.py"), str(folder), task], limits.memory_gb)
    child.read(limits.seconds)
    return child


def alternate(ours: Child, peer: Child, limits: Limits) -> tuple[list[Round], list[Round]]:
    """Rounds of ours and of the peer, in turn."""
    left, right = [], []
    rounds = ROUNDS
    while len(right) < rounds:
        left.append(ours.ask(limits.seconds))
        right.append(peer.ask(limits.seconds))
        first = float(right[0]["seconds"])
        rounds = 1 if first > LONGEST else FEWER if first > LONG else ROUNDS
    return left, right


def differences(ours: Round, theirs: Round) -> tuple[float, float]:
    """Largest difference of estimates, in our standard errors, and of standard errors, relative.

    Estimates without a standard error: relative to the estimate.
    """
    points, errors = [0.0], [0.0]
    for key, (b, se) in ours["figures"].items():
        other = theirs["figures"].get(key)
        if other is None:
            continue
        points.append(abs(other[0] - b) / (se if se == se else abs(b)))
        if se == se and other[1] == other[1]:
            errors.append(abs(other[1] / se - 1))
    return max(points), max(errors)


def compare(folder: Path, warm: Path, task: str, names: tuple[str, ...], limits: Limits) -> None:
    """Print a line for each peer, whether or not it could run, or one for us alone."""
    ours = start_ours(folder, task, limits)
    try:
        ours.ask(limits.seconds)  # warms the cache of files
        for name in names:
            command = [str(PEER_PYTHON), str(HERE / "peers.py"), str(folder), task, name, str(warm)]
            peer = Child(command, limits.memory_gb)
            try:
                about = peer.read(2 * limits.seconds)
                left, right = alternate(ours, peer, limits)
            except ChildFailed as failed:
                line = f"| {TITLES[task]} | | | {name} | {failed} | | | | | |"
            else:
                line = beside(task, left, f"{name} {about['version']}", right)
            finally:
                peer.close()
            print(line, flush=True)
        if not names:
            print(alone(task, [ours.ask(limits.seconds) for _ in range(ROUNDS)]), flush=True)
    finally:
        ours.close()


def beside(task: str, ours: list[Round], name: str, theirs: list[Round]) -> str:
    ratio, work = (median(theirs, key) / median(ours, key) for key in ("seconds", "cpu"))
    points, errors = differences(ours[-1], theirs[-1])
    return (
        f"| {TITLES[task]} | {took(ours)} | {peak(ours):.2f} | {name} "
        f"| {took(theirs)} | {peak(theirs):.1f} | **{ratio:.1f}** | {work:.1f} "
        f"| {points:.0e} | {errors:.0e} |"
    )


def alone(task: str, ours: list[Round]) -> str:
    title = TITLES.get(task, task)
    return f"| {title} | {took(ours)} | {peak(ours):.2f} | | | | | | | |"


def took(rounds: list[Round]) -> str:
    """Seconds by the clock and, in brackets, of the processors."""
    return f"{median(rounds, 'seconds'):.3g} ({median(rounds, 'cpu'):.2g})"


COLUMNS = (
    "task",
    "seconds",
    "GB",
    "peer",
    "its seconds",
    "its GB",
    "times ours",
    "in processor time",
    "estimates apart, in SE",
    "SE apart, relative",
)
HEADER = f"| {' | '.join(COLUMNS)} |\n|---|--:|--:|---|--:|--:|--:|--:|--:|--:|"


def ids_lines(folder: Path, limits: Limits) -> None:
    """Print what text ids in random row order cost at load, beside a plain copy."""
    medians = []
    for name in ("sorted", "ids"):
        child = Child([sys.executable, str(HERE / "ids.py"), str(folder), name], limits.memory_gb)
        child.read(4 * limits.seconds)
        rounds = [child.ask(limits.seconds) for _ in range(FEWER)]
        medians.append((median(rounds, "seconds"), median(rounds, "cpu")))
        child.close()
    (copied, copied_cpu), (numbered, numbered_cpu) = medians
    print(
        f"\nLoading text ids in random row order: {numbered:.1f} s (processor {numbered_cpu:.1f}), "
        f"dense and sorted rows {copied:.1f} s ({copied_cpu:.1f}): {numbered - copied:.1f} s more, "
        "once."
    )


def write(folder: Path, people: int, tasks: list[str]) -> None:
    """What these tasks read."""
    if set(tasks) - EXITS:
        write_mart(folder, people)
    if set(tasks) & EXITS:
        write_exits(folder, people)


def conditions() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "numpy", "pyarrow"))
    return (
        f"Python {platform.python_version()}, {packages}; {os.cpu_count()} cores; "
        f"load {os.getloadavg()[1]:.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="*", default=[10_000])
    parser.add_argument("--alone", type=int, nargs="*", default=[], help="sizes without peers")
    parser.add_argument("--tasks", nargs="+", choices=TITLES, default=list(TITLES))
    parser.add_argument("--peers", nargs="+", help="only these packages [all]")
    parser.add_argument("--folder", type=Path, default=ROOT / "data" / "bench")
    parser.add_argument("--seconds", type=float, default=600.0, help="longest round")
    parser.add_argument("--memory", type=float, default=12.0, help="GB a process may hold")
    parser.add_argument("--no-ids", action="store_true", help="leave the cost of text ids out")
    given = parser.parse_args()
    limits = Limits(given.seconds, given.memory)
    warm = given.folder / str(WARM)
    tasks = [*given.tasks, *(FLOORS if set(given.tasks) - EXITS else ())]
    write(warm, WARM, tasks)
    for people in [*given.people, *given.alone]:
        folder = given.folder / str(people)
        write(folder, people, tasks)
        print(f"\n## {people:,} people, {MONTHS} months ({conditions()})\n\n{HEADER}", flush=True)
        for task in tasks:
            names = PEERS.get(task, ()) if people in given.people else ()
            names = tuple(n for n in names if given.peers is None or n in given.peers)
            compare(folder, warm, task, names, limits)
        if people in given.people and FLOORS[0] in tasks and not given.no_ids:
            ids_lines(folder, limits)


if __name__ == "__main__":
    main()
