"""What naive analyses say of the demo company beside what was planted and what was published.

`python tests/benchmarks/demo.py [draws] [size]` prints a table of scenario and figure: the truth,
the specification's truth, the naive answer, the specification's naive answer. `... files SIZE`
writes a company to a temporary folder and prints wall time and peak memory.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.synthetic.blocks import block_survey, blocks
from analysis.synthetic.company import Company, draw_company
from analysis.synthetic.exits import VOLUNTARY
from analysis.synthetic.people import CODES
from analysis.synthetic.sessions import draw_sessions
from analysis.synthetic.truth import estimands
from analysis.synthetic.truth_feelings import wave_after

MONTH = np.arange(48)


def percent(log: float) -> float:
    return 100 * float(np.expm1(log))


@dataclass(frozen=True)
class Data:
    """What a company could know: monthly log KPI, where recorded, and TIS-6 where answered."""

    firm: Company
    kpi: np.ndarray
    seen: np.ndarray
    tis: np.ndarray  # NaN where nobody answered
    informal: np.ndarray
    site: np.ndarray


def observed(firm: Company) -> Data:
    parts = []
    for block in blocks(firm):
        survey = block_survey(firm, block)
        items = survey.items[:, :, :6].astype(float)
        items[:, :, [1, 3]] = 6 - items[:, :, [1, 3]]
        items[:, 4, 4] = 6 - items[:, 4, 4]
        tis = np.where(survey.answered, items.mean(axis=2), np.nan)
        parts.append((block.happened, block.recorded, tis, survey.informal, block.site))
    return Data(firm, *(np.concatenate(p) for p in zip(*parts, strict=True)))


def over(data: Data, rows: np.ndarray, zero: np.ndarray, window: tuple[int, int]) -> np.ndarray:
    """Mean log KPI of each person over event months, NaN where none was recorded."""
    event = MONTH - zero[:, None]
    use = data.seen[rows] & (event >= window[0]) & (event <= window[1])
    count = use.sum(axis=1)
    return np.where(count, np.where(use, data.kpi[rows], 0).sum(1) / count.clip(1), np.nan)


def gap(values: np.ndarray, one: np.ndarray, other: np.ndarray) -> float:
    return float(np.nanmean(values[one]) - np.nanmean(values[other]))


def lottery(data: Data) -> dict[str, float]:
    firm = data.firm
    e = firm.lottery
    sales = e.department == CODES["sales"]
    kpi = over(data, e.person, e.zero, (1, 6))
    pre = over(data, e.person, e.zero, (-6, -1))
    tis = data.tis[e.person, wave_after(e.zero)]
    met = e.mentored
    counts = draw_sessions(firm.streams, firm.people, firm.matches, 0, len(firm))
    meetings = np.bincount(counts.mentee, minlength=len(firm))[e.person]
    own = sales & met & np.isfinite(kpi)
    found = {
        "lottery as treated": percent(gap(kpi, sales & met, sales & e.applied & ~met)),
        "lottery against all": percent(gap(kpi, sales & met, sales & ~met)),
        "lottery ITT plain": percent(gap(kpi, sales & e.won, sales & e.applied & ~e.won)),
        "tis mentored against all": gap(tis, met, ~met),
        "tis ITT answered": gap(tis, e.won, e.applied & ~e.won),
        "dose": percent(np.polyfit(meetings[own], kpi[own], 1)[0]),
    }
    both = sales & e.applied & np.isfinite(kpi) & np.isfinite(pre)
    x = np.column_stack([np.ones(both.sum()), e.won[both], pre[both], np.log1p(e.tenure[both])])
    found["lottery ITT adjusted"] = percent(np.linalg.lstsq(x, kpi[both], rcond=None)[0][1])
    return found


def opt_in(data: Data) -> dict[str, float]:
    firm = data.firm
    e = firm.programme("CARE-OPTIN")
    kpi = over(data, e.person, e.zero, (4, 12))
    exit_month, kind = firm.exit_month[e.person], firm.exit_kind[e.person]
    left = (kind == VOLUNTARY) & (exit_month <= e.zero + 12)
    stayed = e.mentored & (exit_month > e.start + 6)
    end = np.minimum(exit_month, 47)
    months = (end - e.zero).clip(0)
    rate = [
        ((kind == VOLUNTARY) & who).sum() / months[who].sum() for who in (e.mentored, ~e.mentored)
    ]
    people = firm.people
    window = people.department == CODES["contact_centre"]
    window &= (people.hire_month <= 29) & (firm.exit_month >= 18) & ~people.starter
    met = np.zeros(len(firm), bool)
    met[e.person[e.mentored & (e.start >= 18) & (e.start <= 29)]] = True
    gone = (firm.exit_kind == VOLUNTARY) & (firm.exit_month <= 29)
    return {
        "opt-in joined against not": percent(gap(kpi, e.applied, ~e.applied)),
        "exit met against not": 100 * gap(left.astype(float), e.mentored, ~e.mentored),
        "exit window": 100 * gap(gone.astype(float), window & met, window & ~met),
        "exit completers": 100 * gap(left.astype(float), stayed, ~e.mentored),
        "ever mentored HR": float(rate[0] / rate[1]),
    }


def roll_out(data: Data) -> dict[str, float]:
    """TWFE on site-months, before against after at sites that began, both of settled people."""
    firm = data.firm
    e = firm.programme("OPS-ROLL")
    start = np.full(int(data.site.max()) + 1, 99)
    start[firm.people.site[e.person]] = e.start
    ops = np.flatnonzero(firm.people.department == CODES["operations"])
    use = data.seen[ops] & (firm.people.tenure()[ops] >= 12)
    site = np.broadcast_to(firm.people.site[ops][:, None], use.shape)[use]
    month = np.broadcast_to(MONTH, use.shape)[use]
    y = data.kpi[ops][use]
    sites, place = np.unique(site, return_inverse=True)
    cells = np.bincount(place * 48 + month, minlength=48 * len(sites)).reshape(-1, 48)
    total = np.bincount(place * 48 + month, weights=y, minlength=48 * len(sites))
    mean = total.reshape(-1, 48) / cells.clip(1)
    treated = (start[sites][:, None] <= MONTH).astype(float)

    def demean(table: np.ndarray) -> np.ndarray:
        return table - table.mean(0) - table.mean(1, keepdims=True) + table.mean()

    d = demean(treated)
    event = MONTH - start[sites][:, None]
    after, before = (event >= 0) & (event <= 11), (event >= -12) & (event <= -1)
    return {
        "roll-out TWFE": 100 * float((d * demean(mean)).sum() / (d * d).sum()),
        "roll-out before/after": 100 * float(mean[after].mean() - mean[before].mean()),
    }


def others(data: Data) -> dict[str, float]:
    firm = data.firm
    tis = data.tis[:, 4]
    found = {"informal": gap(tis, data.informal, ~data.informal)}
    if firm.scenario.attrition:
        e = firm.programme("STARTER-LOT")
        kpi = over(data, e.person, e.zero, (7, 12))
        found["starters 7-12"] = percent(gap(kpi, e.won, ~e.won))
        found["starters observed won"] = 100 * float(np.isfinite(kpi[e.won]).mean())
        found["starters observed lost"] = 100 * float(np.isfinite(kpi[~e.won]).mean())
    return found


def naive(firm: Company) -> dict[str, float]:
    """Every naive answer of one company."""
    data = observed(firm)
    return lottery(data) | opt_in(data) | roll_out(data) | others(data)


ITT = ("SALES-LOT", "revenue_per_call.itt.while_employed", "1-6", "")
ATT = ("CARE-OPTIN", "resolved_per_hour.att.while_employed", "4-12", "")
GONE = ("CARE-OPTIN", "voluntary_exit.att", "365 d", "")
SIMPLE = ("OPS-ROLL", "orders_per_hour.att.always_survivors", "simple", "")
TIS = ("SALES-LOT", "tis6.itt.if_all_answered", "5-10", "")
HAZARD = ("CARE-OPTIN", "voluntary_exit.hazard_factor", "1-12", "")
LATE = ("STARTER-LOT", "resolved_per_hour.itt.while_employed", "7-12", "")
# scenario, truth, specified truth, naive figure, specified naive answer
ROWS = [
    ("default", ITT, 3.69, "lottery against all", 11.7),
    ("default", ITT, 3.69, "lottery as treated", 8.3),
    ("default", ITT, 3.69, "lottery ITT adjusted", 3.79),
    ("default", ATT, 1.90, "opt-in joined against not", 18.0),
    ("default", GONE, -2.07, "exit met against not", -8.7),
    ("default", GONE, -2.07, "exit window", -9.8),
    ("default", GONE, -2.07, "exit completers", -16.4),
    ("default", HAZARD, 0.78, "ever mentored HR", 0.45),
    ("default", SIMPLE, 3.76, "roll-out TWFE", 4.46),
    ("default", SIMPLE, 3.76, "roll-out before/after", 8.4),
    ("default", TIS, -0.092, "tis mentored against all", -0.147),
    ("default", ("INFORMAL", "tis6.difference", "2024-06", ""), -0.074, "informal", -0.207),
    ("default", ("SALES-LOT", "revenue_per_call.dose", "1-6", ""), 0.0, "dose", 1.52),
    ("default", ("SALES-LOT", "return_on_cost", "1-12", ""), 1.36, None, None),
    ("null", ITT, 0.0, "lottery against all", 5.6),
    ("null", ATT, 0.0, "opt-in joined against not", 15.8),
    ("null", GONE, 0.0, "exit window", -8.1),
    ("null", GONE, 0.0, "exit completers", -16.4),
    ("null", HAZARD, 1.0, "ever mentored HR", 0.57),
    ("hidden_selection", ATT, -1.1, "opt-in joined against not", 29.0),
    ("pre_trend", SIMPLE, 3.8, "roll-out TWFE", 8.8),
    ("twfe_trap", SIMPLE, 4.4, "roll-out TWFE", 1.4),
    ("attrition", LATE, 6.0, "starters 7-12", 1.8),
    ("attrition", LATE, 6.0, "starters observed won", 81.0),
    ("attrition", LATE, 6.0, "starters observed lost", 69.0),
    ("nonresponse", TIS, -0.092, "tis ITT answered", -0.034),
    ("nonresponse", TIS, -0.092, "tis mentored against all", 0.05),
    ("spillover", ITT, 3.69, "lottery ITT adjusted", 3.8),
    ("notice", HAZARD, 1.0, "ever mentored HR", 0.75),
    ("dose_real", ("SALES-LOT", "revenue_per_call.dose", "1-6", ""), 0.4, "dose", None),
    ("goal_real", ITT, None, "lottery ITT adjusted", None),
    ("quality", ITT, None, "lottery ITT adjusted", None),
    ("crossover", ITT, None, "lottery ITT adjusted", None),
    ("broken_lottery", ITT, 3.69, "lottery ITT adjusted", None),
    ("anticipation", SIMPLE, 3.76, "roll-out TWFE", None),
]


def averages(scenario: str, draws: int, size: int) -> tuple[dict, dict]:
    """Mean expected truths and (mean, SD) naive answers over draws of a scenario."""
    truths: dict[tuple[str, ...], list[float]] = {}
    answers: dict[str, list[float]] = {}
    for seed in range(900, 900 + draws):
        firm = draw_company(scenario, size=size, seed=seed)
        for e in estimands(firm):
            key = (e.programme, e.estimand, e.window, e.subgroup)
            truths.setdefault(key, []).append(e.value_expected)
        for name, value in naive(firm).items():
            answers.setdefault(name, []).append(value)
    return (
        {key: float(np.mean(v)) for key, v in truths.items()},
        {name: (float(np.mean(v)), float(np.std(v))) for name, v in answers.items()},
    )


def show(value: float | None) -> str:
    return f"{value:9.3f}" if value is not None else "        -"


def table(draws: int, size: int) -> None:
    print(f"{draws} draws of {size} heads")
    print(f"{'scenario':18} {'estimand':62}     truth      spec  naive figure")
    known: dict[str, tuple[dict, dict]] = {}
    for scenario, key, truth, figure, specified in ROWS:
        if scenario not in known:
            known[scenario] = averages(scenario, draws, size)
        truths, answers = known[scenario]
        mean, spread = answers[figure] if figure else (None, None)
        print(
            f"{scenario:18} {' '.join(key):62} {show(truths[key])} {show(truth)}  "
            f"{figure or '':26} {show(mean)} ({show(spread).strip()}) {show(specified)}"
        )


def files(size: int) -> None:
    from pipelines.demo import write_demo

    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        write_demo(Path(folder), people=size)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{size:9,} heads   {time.perf_counter() - start:6.1f} s   {peak:.2f} GB at most")


if __name__ == "__main__":
    if sys.argv[1:2] == ["files"]:
        files(int(sys.argv[2]))
    else:
        numbers = [int(a) for a in sys.argv[1:]]
        table(*(numbers + [10, 5_000][len(numbers) :]))
