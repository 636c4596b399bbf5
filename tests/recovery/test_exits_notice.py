"""Two months of notice that nobody recorded, in which people do not start, and no effect at all.

Whoever is about to leave is never censored by a start, so comparators who are censored at once
would leave more and more of those behind: by 2.6 points in a year at these chances to start.
`MENTORLIFT_DRAWS=500` takes about four minutes.
"""

from __future__ import annotations

import os

import numpy as np
from scipy import stats

from analysis.estimate import Estimate
from analysis.exits.calendar import first_day
from analysis.exits.careers import KINDS, NEVER, Careers
from analysis.exits.figures import Maker
from analysis.exits.results import difference
from analysis.exits.setting import ExitSetting, fitter_of
from analysis.study import parse_study

DRAWS = int(os.environ.get("MENTORLIFT_DRAWS", "12"))
PEOPLE, MONTHS, OPEN = 1_500, 30, 20  # people can start in the first twenty months
FIRST = 12 * 2022
NOTICE, MONTH = 60, 30.4  # days
STARTS, LEAVES, DISMISSED = 0.10, 0.02, 0.004  # forces a month
# of a standard error, the stated allowance for bias, as for the demo company
ALLOWED = 0.25

SPEC = parse_study(
    {
        "study": "notice",
        "question": "What was planted?",
        "as_of": "2024-06-30",
        "programme": "P",
        "design": "opt_in",
        "time_zero": "eligible_on",
        "notice_months": 2,
        "arms": {"treated": "with", "comparison": "without"},
        "outcome": {"kind": "exit", "metric": "voluntary"},
        "follow_up": {"months": 12, "primary": [1, 12]},
    }
)


def draw(seed: int) -> Careers:
    """People employed from before the first month on, eligible from it on, some on notice then."""
    rng = np.random.default_rng(seed)
    zero, end = (int(first_day(np.array(FIRST + m))) for m in (0, MONTHS))
    closed = int(first_day(np.array(FIRST + OPEN)))
    start = zero + rng.exponential(MONTH / STARTS, PEOPLE).astype(np.int64)
    notice = zero - NOTICE + rng.exponential(MONTH / LEAVES, PEOPLE).astype(np.int64)
    sacked = zero + rng.exponential(MONTH / DISMISSED, PEOPLE).astype(np.int64)
    start[(start >= closed) | (start >= notice) | (start >= sacked)] = NEVER
    leaves = notice + NOTICE
    left = np.minimum(leaves, sacked)
    kind = np.where(leaves <= sacked, KINDS.index("voluntary"), KINDS.index("involuntary"))
    return Careers(
        person=np.arange(PEOPLE),
        cluster=np.arange(PEOPLE),
        hired=zero - rng.integers(400, 1_300, PEOPLE),
        zero=np.full(PEOPLE, zero),
        arm=np.full(PEOPLE, -1),
        start=start,
        exit=np.where(left < end, left, NEVER),
        kind=np.where(left < end, kind, 0),
        notice=np.full(PEOPLE, NEVER),
        end=np.full(PEOPLE, end - 1),
        eligible=np.ones((PEOPLE, MONTHS), dtype=bool),
        first_month=FIRST,
        undated=np.zeros(PEOPLE, dtype=bool),
    )


def test_notice_that_was_not_recorded_makes_no_effect() -> None:
    found = []
    for seed in range(DRAWS):
        careers = draw(seed)
        fitter = fitter_of(careers, SPEC)
        compared = fitter.headline(None)
        assert not isinstance(compared, str), compared
        setting = ExitSetting(
            careers=careers, spec=SPEC, kinds=fitter.kinds, cluster=fitter.cluster, arms=()
        )
        one = difference(Maker(setting=setting, arm="with"), compared, "x", "voluntary")
        assert isinstance(one, Estimate)
        found.append((one.estimate, one.std_error, one.ci_low <= 0 <= one.ci_high))
    estimate, error, covers = np.array(found).T
    low, high = stats.binom.interval(0.999, DRAWS, 0.95)
    assert low <= covers.sum() <= high
    allowed = 3.3 * estimate.std(ddof=1) / np.sqrt(DRAWS) + ALLOWED * error.mean()
    assert abs(estimate.mean()) < allowed
