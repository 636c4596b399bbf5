"""A large HR extract: rows a second and peak memory of the ingest, beside plain DuckDB.

`python tests/benchmarks/ingest.py --people 1000000 --months 36 --folder DIR` writes, unless it is
there, an invented company into DIR: `workers.csv`, a line a person (people, employment, jobs), and
`kpi.csv`, a line a person and month (performance), month after month as a system exports them.
Then, each in a process of its own on two cores: plain DuckDB reads and inserts the same files,
and `mentorlift ingest` lands them; with `--build`, `mentorlift build` makes the marts. It prints a
Markdown table. Seconds of the processor tell more than those of the clock on a busy machine.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

ROOT = Path(__file__).resolve().parents[2]
CORES = {0, 1}
MEMORY = "4GB"
PROJECT = """
project: large
title: Large
purpose: Measure the ingest of a large extract.
lawful_basis: invented data
retention: {months: 1}
programmes: [{id: P}]
sources:
  - name: workers
    file: workers.csv
    delivered_on: 2025-01-31
    loads:
      - table: people
        columns: {person_id: worker_id}
        attributes: [gender]
      - table: employment
        columns: {person_id: worker_id, hired_on: hired, exited_on: left}
      - table: jobs
        columns: {person_id: worker_id, valid_from: hired, department: department, level: level,
                  site: site, manager_id: manager_id}
  - name: kpi
    file: kpi.csv
    delivered_on: 2025-01-31
    loads:
      - table: performance
        columns: {person_id: worker_id, period: month, value: revenue, scale: currency}
        constants: {metric: revenue}
"""
PLAIN = """
import sys, duckdb
target, memory, *files = sys.argv[1:]
with duckdb.connect(target, config={"threads": 2, "memory_limit": memory}) as db:
    db.execute("set enable_progress_bar = false")
    for number, file in enumerate(files):
        db.execute(f"create table t{number} as select * from read_csv('{file}') limit 0")
        db.execute(f"insert into t{number} select * from read_csv('{file}')")
    db.execute("checkpoint")
"""


@dataclass(frozen=True)
class Measured:
    """One process: time by the clock and on the processors, and the most memory it held."""

    name: str
    seconds: float
    cpu: float
    peak_gb: float


def ids(numbers: np.ndarray) -> pa.Array:
    """Personnel numbers of eight digits, W00000001 and so on."""
    padded = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), 8, "0")
    return pc.binary_join_element_wise("W", padded, "")


def days(since_1970: np.ndarray) -> pa.Array:
    return pa.array(since_1970.astype("datetime64[D]")).cast(pa.string())


def write_workers(path: Path, people: int) -> None:
    random = np.random.default_rng(1)
    numbers = np.arange(people)
    hired = 10_000 + random.integers(0, 8_900, people)
    # Who left did so in January 2025, after the last month measured: a result later than an exit
    # is quarantined.
    left = np.where(random.random(people) < 0.1, 20_089 + random.integers(0, 30, people), -1)
    left_texts = pc.if_else(pa.array(left >= 0), days(left), "")

    def named(prefix: str, count: int) -> pa.Array:
        number = pa.array(random.integers(0, count, people)).cast(pa.string())
        return pc.binary_join_element_wise(prefix, number, "")

    table = pa.table(
        {
            "worker_id": ids(numbers),
            "hired": days(hired),
            "left": left_texts,
            "gender": pa.array(np.array(["f", "m", "x"])[random.integers(0, 3, people)]),
            "department": named("Department ", 40),
            "level": named("L", 9),
            "site": named("Site ", 300),
            "manager_id": ids(numbers // 10),
        }
    )
    arrow_csv.write_csv(table, path, arrow_csv.WriteOptions(quoting_style="needed"))


def write_kpi(path: Path, people: int, months: int) -> None:
    """One block a month; about one value in fifty is absent, as `N/A`."""
    options = arrow_csv.WriteOptions(include_header=True, quoting_style="needed")
    names = ("worker_id", "month", "revenue", "currency", "team")
    schema = pa.schema([(name, pa.string()) for name in names])
    worker = ids(np.arange(people))
    with arrow_csv.CSVWriter(path, schema, write_options=options) as writer:
        for month in range(months):
            random = np.random.default_rng((2, month))
            cents = random.integers(100_000, 2_000_000, people)
            whole = pa.array(cents // 100).cast(pa.string())
            part = pc.utf8_lpad(pa.array(cents % 100).cast(pa.string()), 2, "0")
            amount = pc.binary_join_element_wise(whole, part, ".")
            amount = pc.if_else(pa.array(random.random(people) < 0.02), "N/A", amount)
            day = f"{2022 + month // 12}-{month % 12 + 1:02d}-01"
            team = pc.binary_join_element_wise(
                "T", pa.array(random.integers(0, 5_000, people)).cast(pa.string()), ""
            )
            columns = [worker, pa.repeat(day, people), amount, pa.repeat("EUR", people), team]
            writer.write_table(pa.table(columns, schema=schema))


def run(name: str, *command: str, **environment: str) -> Measured:
    """Run a process on two cores; raises when it fails."""
    start = time.perf_counter()
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        preexec_fn=lambda: os.sched_setaffinity(0, CORES & os.sched_getaffinity(0)),
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{name} failed with exit code {child.returncode}")
    cpu = usage.ru_utime + usage.ru_stime
    return Measured(name, time.perf_counter() - start, cpu, usage.ru_maxrss / 1e6)


def measure(data: Path, work: Path, stages: list[str]) -> list[Measured]:
    """Plain DuckDB and our stages on the same files, one after the other."""
    project, key = work / "project", work / "bench.key"
    project.mkdir()
    (project / "mentorlift.yml").write_text(PROJECT)
    key.write_text("0123456789abcdef" * 4)
    files = [str(data / name) for name in ("workers.csv", "kpi.csv")]
    plain = run(
        "plain DuckDB: `read_csv`, insert",
        *(sys.executable, "-c", PLAIN, str(work / "plain.duckdb"), MEMORY, *files),
    )
    (work / "plain.duckdb").unlink()
    ours = []
    for stage in stages:
        command = [sys.executable, "-m", "pipelines.cli", stage, str(project)]
        places = ["--data", str(data), "--out", str(work / "out")]
        name = f"`mentorlift {stage}`" + (" after it" if stage == "build" else "")
        ours.append(run(name, *command, *places, MENTORLIFT_KEY_FILE=str(key)))
    return [plain, *ours]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--folder", type=Path, help="where the files are kept, to be used again")
    parser.add_argument("--build", action="store_true", help="make the marts as well")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        work = Path(temporary)
        data = given.folder or work / "data"
        data.mkdir(parents=True, exist_ok=True)
        stamp = data / f"{given.people}x{given.months}"
        if not stamp.exists():
            write_workers(data / "workers.csv", given.people)
            write_kpi(data / "kpi.csv", given.people, given.months)
            for old in data.glob("*x*"):
                old.unlink()
            stamp.touch()
        rows = given.people * (given.months + 1)
        size = sum(path.stat().st_size for path in data.glob("*.csv")) / 1e9
        found = measure(data, work, ["ingest", *(["build"] if given.build else [])])
    print(f"{given.people:,} people, {given.months} months: {rows:,} lines, {size:.2f} GB of CSV\n")
    print("| what | seconds | of processor | lines a second | times plain | peak memory, GB |")
    print("|---|--:|--:|--:|--:|--:|")
    for one in found:
        print(
            f"| {one.name} | {one.seconds:.0f} | {one.cpu:.0f} | {rows / one.seconds:,.0f} "
            f"| {one.seconds / found[0].seconds:.1f} | {one.peak_gb:.2f} |"
        )


if __name__ == "__main__":
    main()
