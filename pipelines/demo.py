"""The demo company on disk: a project, the exports its systems would deliver, and the truth.

The truth lies outside the project folder and nothing that reads a project may open it.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from analysis.synthetic.blocks import blocks
from analysis.synthetic.company import Company, draw_company
from analysis.synthetic.potential import potential_outcomes
from analysis.synthetic.scenario import SCENARIOS
from analysis.synthetic.sessions import draw_sessions
from analysis.synthetic.truth import estimands
from analysis.synthetic.truth_feelings import Feeling, lottery_feelings
from pipelines import demo_programmes as programmes
from pipelines import demo_surveys as surveys
from pipelines import demo_tables as exports
from pipelines.demo_canonical import ParquetFile, block_tables, whole_tables
from pipelines.demo_vendor import SMALLEST as SMALLEST_VENDOR
from pipelines.demo_vendor import write_vendor
from pipelines.errors import Exit, UserError

EXAMPLE = Path(__file__).resolve().parent.parent / "data" / "examples" / "demo"
VENDOR_EXAMPLE = EXAMPLE.with_name("demo_vendor")
SMALLEST = 300

# Chosen once, among about a thousand, so that the first report a newcomer sees is a typical one: at
# 5,000 people the lottery's ITT and LATE, its months 1-3, the plain difference in means and the
# effect on voluntary exits within 365 days all lie within one standard error of the truth, and the
# raw gaps near their averages over draws. Other seeds scatter as their standard errors say: that
# this one agrees with the truth is no evidence for any estimator.
DEFAULT_SEED = 2223


@dataclass(frozen=True, slots=True)
class DemoPaths:
    """Where the demo company lies: the project, its deliveries, the planted truth."""

    project: Path
    data: Path
    truth: Path
    canonical: Path


def write_demo(
    out: Path,
    *,
    scenario: str = "default",
    people: int = 5_000,
    seed: int = DEFAULT_SEED,
    dialects: str = "clean",
    defects: str = "planted",
) -> DemoPaths:
    """Write the company below ``out`` and say where; the same arguments give the same bytes.

    ``dialects`` is clean (plain CSV files) or vendor (files as vendors' systems deliver them, with
    ``defects`` planted or none).
    """
    vendor = dialects == "vendor"
    _check_arguments(scenario, people, vendor=vendor)
    paths = DemoPaths(out / "project", out / "exports", out / "truth", out / "canonical")
    for folder in (paths.data, paths.truth, paths.canonical):
        folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(VENDOR_EXAMPLE if vendor else EXAMPLE, paths.project, dirs_exist_ok=True)
    company = draw_company(scenario, size=people, seed=seed)
    ids = exports.person_ids(company)
    _write_blocks(company, ids, paths, clean=not vendor)
    for name, table in whole_tables(company, ids).items():
        pq.write_table(table, paths.canonical / f"{name}.parquet", compression="zstd")
    applications = exports.applications(company, ids)
    if vendor:
        write_vendor(
            paths.canonical, paths.data, paths.truth, applications, company.streams, company.size,
            planted=defects == "planted",
        )  # fmt: skip
    else:
        _write(paths.data / "mentoring_matches.csv", exports.matches(company, ids))
        _write(paths.data / "mentoring_applications.csv", applications)
        _write(paths.data / "mentoring_sites.csv", programmes.roll_out(company, ids))
        _write(paths.data / "mentoring_opt_in.csv", programmes.opt_in(company, ids))
        _write(paths.data / "engagement_2023.csv", programmes.engagement(company, ids))
    _write_truth(company, ids, paths.truth)
    return paths


def _write_truth(company: Company, ids: pa.Array, folder: Path) -> None:
    felt = lottery_feelings(company)
    truths = pa.Table.from_pylist([asdict(row) for row in estimands(company, felt)])
    _write(folder / "estimands.csv", truths)
    pq.write_table(truths, folder / "estimands.parquet")
    pq.write_table(_potential(company, felt, ids), folder / "potential.parquet")


def _check_arguments(scenario: str, people: int, *, vendor: bool) -> None:
    if scenario not in SCENARIOS:
        raise UserError(
            "scenario: there is none of this name",
            f"Use one of: {', '.join(sorted(SCENARIOS))}.",
            Exit.USAGE,
        )
    if people < SMALLEST:
        raise UserError(
            f"people: fewer than {SMALLEST}",
            f"Use {SMALLEST} or more: below that no department can hold a lottery.",
            Exit.USAGE,
        )
    if vendor and min(people, SCENARIOS[scenario].heads or people) < SMALLEST_VENDOR:
        raise UserError(
            f"people: fewer than {SMALLEST_VENDOR} in vendor dialects",
            f"Use {SMALLEST_VENDOR} or more: a smaller company has no acquired entity to deliver.",
            Exit.USAGE,
        )


def _write(path: Path, table: pa.Table) -> None:
    pa.csv.write_csv(table, path, pa.csv.WriteOptions(quoting_style="needed"))


def _write_blocks(company: Company, ids: pa.Array, paths: DemoPaths, *, clean: bool) -> None:
    """Exports and canonical tables, block by block: nothing holds all months at once."""
    with ExitStack() as stack:
        files: dict[Path, exports.CsvFile | ParquetFile] = {}

        def add(path: Path, table: pa.Table) -> None:
            if path not in files:
                kind = ParquetFile if path.suffix == ".parquet" else exports.CsvFile
                files[path] = stack.enter_context(closing(kind(path)))
            files[path].add(table)

        for block in blocks(company):
            last = block.first + len(block.site)
            held = draw_sessions(
                company.streams, company.people, company.matches, block.first, last
            )
            if clean:
                add(paths.data / "workers.csv", exports.workers(company, ids, block.first))
                add(paths.data / "job_history.csv", exports.jobs(company, block, ids))
                add(paths.data / "kpi_monthly.csv", exports.performance(company, block, ids))
                add(paths.data / "mentoring_sessions.csv", exports.sessions(company, held, ids))
            tables = block_tables(company, block, held, ids)
            if clean:
                add(paths.data / "survey.csv", surveys.answers(tables["survey"]))
                asked = surveys.answers_of_mentees(tables["survey"])
                add(paths.data / "survey_mentees.csv", asked)
            for name, table in tables.items():
                add(paths.canonical / f"{name}.parquet", table)


def _potential(company: Company, felt: Feeling, ids: pa.Array) -> pa.Table:
    """A row a person and programme, with both worlds."""
    tables = []
    for columns in potential_outcomes(company, felt):
        person = columns.pop("person")
        plain = {
            name: exports.days(v) if np.asarray(v).dtype.kind == "M" else v
            for name, v in columns.items()
        }
        tables.append(pa.table({"employee_id": ids.take(pa.array(person)), **plain}))
    return pa.concat_tables(tables)
