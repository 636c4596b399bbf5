"""Makes the table of all scenarios from the kept draws, and judges it.

    python -m tests.scenarios.table [FOLDER]

With the folder of a run its draws are kept first (raw/). Ends with 1 where a promise is broken.
"""

from __future__ import annotations

import csv
import io
import math
import sys
from pathlib import Path

from tests.scenarios.judged import BOUNDS, GRADES, gates, summaries
from tests.scenarios.questions import QUESTIONS
from tests.scenarios.raw import kept, refresh

HERE = Path(__file__).parent
FIGURES, GATES, PAGE = HERE / "table.csv", HERE / "gates.csv", HERE / "table.md"
REPORTS = HERE / "reports.csv"

# Promises that these draws show to be broken, as the verdict words them.
KNOWN: dict[str, str] = {}

_COLUMNS = (
    "scenario", "study", "figure", "promise", "draws", "estimated", "truth", "naive", "headline",
    "bias", "bias_error", "spread", "std_error", "coverage", "claims", "shown_and_wrong", *GRADES,
    "verdict",
)  # fmt: skip


def figures() -> list[list[str]]:
    """Rows of the table of figures."""
    rows = []
    for s in summaries():
        numbers = (s.truth, s.naive, s.mean, s.bias, s.bias_error, s.spread, s.std_error)
        rest = ("", "") if s.figure in BOUNDS else (_share(s.claims), _share(s.wrong))
        rows.append(
            [
                s.asked.scenario, s.asked.study, s.figure, s.asked.promise, str(s.draws),
                str(s.estimated), *(_number(x) for x in numbers), _share(s.coverage), *rest,
                *(_share(s.grades[g]) for g in GRADES), s.verdict(),
            ]
        )  # fmt: skip
    return rows


def failing() -> list[list[str]]:
    """Rows of the table of gates: those that failed or warned in any draw."""
    rows = []
    for asked in QUESTIONS:
        frame = kept(asked)
        if frame is not None:
            for name, failed, warned in gates(asked, frame):
                rows.append([asked.scenario, asked.study, name, _share(failed), _share(warned)])
    return rows


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3g}"


def _share(value: float) -> str:
    return "" if math.isnan(value) else f"{100 * value:.1f}"


def as_csv(head: tuple[str, ...], rows: list[list[str]]) -> str:
    """Rows as a CSV text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *rows])
    return text.getvalue()


def page() -> str:
    """The tables for people."""
    found, told = figures(), failing()
    place = {name: at for at, name in enumerate(_COLUMNS)}
    head = (
        "scenario", "study", "figure", "draws", "truth", "naive", "headline", "bias", "SE",
        "covers %", "p < .05 %", "shown and wrong %", "grades %", "verdict",
    )  # fmt: skip
    rows = []
    for r in found:
        grades = ", ".join(f"{g} {r[place[g]]}" for g in GRADES if r[place[g]] != "0.0")
        names = ("scenario", "study", "figure", "draws", "truth", "naive", "headline", "bias",
                 "std_error", "coverage", "claims", "shown_and_wrong")  # fmt: skip
        verdict = r[place["verdict"]] or ("holds" if r[place["promise"]] == "recovers" else "")
        rows.append([*(r[place[n]] for n in names), grades, verdict])
    gate = ("scenario", "study", "check", "failed %", "warned %")
    return "\n".join(
        [_INTRODUCTION, *_markdown(head, rows), "", _GATES, *_markdown(gate, told), ""]
    )


def _markdown(head: tuple[str, ...], rows: list[list[str]]) -> list[str]:
    lines = [head, tuple("---" for _ in head), *map(tuple, rows)]
    return [f"| {' | '.join(line)} |" for line in lines]


def write() -> list[str]:
    """Writes the three files; the promises broken, in words."""
    FIGURES.write_text(figures_text(), encoding="utf-8")
    GATES.write_text(gates_text(), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
    return [f"{s.name}: {s.verdict()}" for s in summaries() if s.verdict()]


def figures_text() -> str:
    """The table of figures as a CSV."""
    return as_csv(_COLUMNS, figures())


def gates_text() -> str:
    """The table of gates as a CSV."""
    return as_csv(("scenario", "study", "check", "failed", "warned"), failing())


_INTRODUCTION = """# Every scenario of the demo company

Made by `python -m tests.scenarios.table` from the draws kept in `raw/`; [README.md](README.md) says
how to draw them anew. Each draw is a company of 20,000 heads (300 in `small`), each answer the
finding of the product itself with all its gates; the studies are those of `data/examples/demo`.

*Truth* is the expected value of the estimand, averaged over draws. *Bias*, *SE* and *covers* are of
all headlines that could be estimated, gated or not. *p < .05* is the size of the test where the
truth is 0, else its power. *Shown and wrong*: draws whose headline was not withheld and whose
interval does not hold the truth. KPI in per cent, exits and `sales-intention` as shares (its
`score` in points). Lee bounds are about people who would stay in either arm, and each covers the
truth where its own end of the interval does. Studies that are not asked of a scenario are as in
`default`, draw by draw, since equal seeds share all noise; but where it moves who is there or who
is mentored: KPI and intention in `notice`, the contact centre in `attrition`, `sales-intention` in
the scenarios of the lottery, `care-mentoring` in `dose_real` and `goal_real`.

*Verdict*: of figures that should recover the truth, bias within four errors of the mean over draws
and a quarter of a standard error; coverage and size within the 99.9 % binomial bounds of 95 % and
5 %, which that bias may move by .7 points; `default` and `null` withheld in at most 5 % of draws.
"""
_GATES = """## Gates

Checks that failed or warned in any draw.
"""
_REPORTS = """## Reports

Made by `python -m tests.scenarios.reports`: page and findings of these many draws, read by
`tests/disclosed.py`; and studies withheld whose artifacts stay the same, byte by byte, with other
numbers in all their figures.
"""


def main() -> None:
    """The command."""
    if len(sys.argv) > 1:
        refresh(Path(sys.argv[1]))
    broken = write()
    for line in broken:
        print(line)
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
