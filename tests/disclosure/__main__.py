"""Attack many firms and write what was learned: `python -m tests.disclosure --firms 200`.

A row a firm in results.csv, in the order of seeds, and the sums in results.md. Goes on where it
stopped: firms that the file holds are not drawn again; `--anew` begins from none. `--reports 24`
attacks as many monthly reports of a company too, and prints what they tell. Ends with 1
where anything is told of what is protected.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import sys
import tempfile
from pathlib import Path

from tests.disclosure.deliveries import SEED, attacked, draw_company
from tests.disclosure.firms import MONTHS
from tests.disclosure.judged import HEAD, STAFFED, Row, row_of
from tests.flows.conftest import own_key

FOLDER = Path(__file__).parent
TOLD = ("exact", "near", "salaries_exact", "salaries_close", "headcounts")


def _rows(path: Path) -> list[Row]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{k: int(v) for k, v in row.items()} for row in csv.DictReader(file)]


def _write(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, HEAD, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: row["firm"]))


def summary(rows: list[Row]) -> str:
    """The sums over firms, as a page."""

    def total(name: str, of: list[Row] = rows) -> int:
        return sum(row[name] for row in of)

    def share(part: str, of: str, among: list[Row] = rows) -> str:
        whole = total(of, among)
        return f"{100 * total(part, among) / whole:.1f} %" if whole else "none"

    quiet = [row for row in rows if row["firm"] % STAFFED == 0]
    hiring = [row for row in rows if row["firm"] % STAFFED]
    lines = [
        ("leavers' salaries told exactly, firms that hire nobody",
         share("bare_leavers_exact", "bare_leavers", quiet), "0"),
        ("the same, firms that hire", share("bare_leavers_exact", "bare_leavers", hiring), "0"),
        ("sums of fewer than ten salaries told exactly", "", total("salaries_exact")),
        ("the same, to within a tenth", "", total("salaries_close")),
        ("hidden counts told exactly", share("bare_exact", "bare_hidden"), total("exact")),
        ("hidden counts told to within 5", share("bare_near", "bare_hidden"), total("near")),
        ("headcounts told by a mean", "", total("headcounts")),
        ("cells without a figure that are large enough", "0", share("lost", "large")),
        ("the same, most of any firm", "0",
         f"{max(100 * row['lost'] / row['large'] for row in rows):.1f} %"),
        ("cells with an earlier figure", "0", share("stand", "large")),
    ]  # fmt: skip
    head = f"{len(rows)} firms of 2,000 people, {MONTHS} months; " + (
        f"{total('large'):,} cells large enough to be shown, {total('small'):,} too small.\n\n"
    )
    told = "".join(f"| {a} | {b} | {c} |\n" for a, b, c in lines)
    columns = "| | rule of ten alone | protected |\n|---|---|---|\n"
    return f"# What the attacker learns\n\n{head}{columns}{told}"


def main() -> int:
    """The command; 1 where anything is told."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--firms", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--reports", type=int, default=0, help="monthly reports of a company")
    parser.add_argument("--anew", action="store_true", help="forget what was learned before")
    parser.add_argument("--into", type=Path, default=FOLDER)
    given = parser.parse_args()
    path = given.into / "results.csv"
    rows = [] if given.anew else _rows(path)
    rows = [row for row in rows if row["firm"] < given.firms]
    missing = sorted(set(range(given.firms)) - {row["firm"] for row in rows})
    with multiprocessing.get_context("spawn").Pool(given.processes) as pool:
        for row in pool.imap_unordered(row_of, missing):
            rows.append(row)
            _write(path, rows)
    page = summary(rows)
    (given.into / "results.md").write_text(page)
    print(page)
    told = sum(row[name] for row in rows for name in TOLD)
    if given.reports:
        told += _attack_reports(given.reports)
    return int(told > 0)


def _attack_reports(months: int) -> int:
    """Prints what monthly reports tell, each made for itself, and all in one folder: so many."""
    company = draw_company(SEED, months)
    for memory, name in ((False, "each for itself"), (True, "in one folder")):
        with tempfile.TemporaryDirectory() as folder, own_key(Path(folder)):
            made = attacked(Path(folder), company, months, memory=memory)
        told = {month for (_, month), is_told in made.told.items() if is_told}
        print(
            f"{months} reports, {name}: {len(told)} of {months - 1} leavers told, {len(made.few)} "
            f"pairs of months whose figures differ by fewer than ten people, "
            f"{len(made.leaks)} names, mails or numbers found"
        )
    return len(told) + len(made.few) + len(made.leaks)  # of those in one folder


if __name__ == "__main__":
    sys.exit(main())
