"""Placebo roll-outs: fake starts of the sites in the months before the first real one.

Placebo in time: only months before any site began are used, of all sites alike. As many sites start
as in the real roll-out, in as many waves where the months allow; which ones is drawn. The time
before is short, so waves come closer together.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.calibration.kpi import STREAMS
from analysis.calibration.placebo import judge
from analysis.calibration.pool import placebo_spec
from analysis.roll_out import diagnose_roll_out, effects_of
from analysis.roll_out_companions import naive
from analysis.roll_out_panel import build_roll_out
from analysis.roll_out_results import window_result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analysis.calibration.placebo import Placebo
    from analysis.compress import Rows
    from analysis.study import StudySpec

    Floats = NDArray[np.float64]

ALL_MONTHS = 1_200  # months before the first start that are read: as many as there are
_LEADS = 4  # months before the first placebo start, so that trends before it can be looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePast:
    """Results (person, month number, value) before the first start, and who they are of.

    ``starts``: the placebo start of each wave by its number; ``wave`` (sites,): the wave of each
    real site in the order of their names, nan where it never starts. ``stratum`` (sites,).
    """

    spec: StudySpec
    people: pd.DataFrame
    counts: pd.DataFrame
    rows: Rows
    wave: Floats
    stratum: NDArray[np.int64]
    starts: NDArray[np.int64]
    seed: int


def site_past(
    spec: StudySpec, people: pd.DataFrame, counts: pd.DataFrame, rows: pd.DataFrame
) -> SitePast | str:
    """The time before a roll-out, or why it is too short.

    Frames are those of the queries of a roll-out, with all months that are on record.
    """
    asked = placebo_spec(spec)
    begun = people["start_month"].min()
    if pd.isna(begun):
        return f"no {spec.cluster} starts this programme"
    clean = rows[rows["month_no"] < int(begun) - spec.rollout.anticipation]
    first, last = clean["month_no"].min(), clean["month_no"].max()
    need = _LEADS + spec.rollout.anticipation + asked.follow_up.primary[1] + 1
    if clean.empty or last - first + 1 < need:
        found = 0 if clean.empty else int(last - first + 1)
        return f"results of {need} months before the first start are needed, and {found} are there"
    if people[spec.cluster].nunique() < 2:
        return f"there is one {spec.cluster} only"
    return _past(spec, asked, people, counts, clean)


def _past(
    spec: StudySpec,
    asked: StudySpec,
    people: pd.DataFrame,
    counts: pd.DataFrame,
    clean: pd.DataFrame,
) -> SitePast:
    """The past of these rows, with the waves that fit into it."""
    first, last = clean["month_no"].min(), clean["month_no"].max()
    known = np.unique(clean["person"])
    # mentors came later than all that is looked at, so they are nobody's here
    kept = people.iloc[known].drop(columns="mentored_month", errors="ignore").reset_index(drop=True)
    units = kept.groupby(kept[spec.cluster].astype(str))
    real = units["start_month"].first().astype("Float64").astype(float)
    waves = np.unique(real.dropna())
    latest = int(last) - asked.follow_up.primary[1]
    earliest = int(first) + _LEADS + spec.rollout.anticipation
    wave = np.where(real.notna(), np.searchsorted(waves, real.fillna(waves[0])), np.nan)
    end = dt.date(int(last) // 12, int(last) % 12 + 1, 28)
    return SitePast(
        spec=asked.model_copy(update={"as_of": end}),
        people=kept,
        counts=counts,
        rows=(
            np.searchsorted(known, clean["person"]).astype(np.int64),
            clean["month_no"].to_numpy(dtype=np.int64),
            clean["value"].to_numpy(dtype=np.float64),
        ),
        wave=wave,
        stratum=_strata(spec, kept),
        starts=np.linspace(earliest, latest, len(waves)).round().astype(np.int64),
        seed=spec.seed(),
    )


def site_placebos(past: SitePast, programmes: int) -> Iterator[Placebo]:
    """Placebo roll-outs: the waves dealt anew to the sites, within the strata of the draw."""
    site = np.unique(past.people[past.spec.cluster].astype(str), return_inverse=True)[1]
    for number in range(programmes):
        rng = np.random.default_rng([past.seed, STREAMS["random"], number])
        wave = past.wave.copy()
        for stratum in np.unique(past.stratum):
            inside = np.flatnonzero(past.stratum == stratum)
            wave[inside] = past.wave[rng.permutation(inside)]
        start = np.where(np.isnan(wave), np.nan, past.starts[np.nan_to_num(wave).astype(int)])
        yield _one(past, start[site])


def _one(past: SitePast, start: Floats) -> Placebo:
    people = past.people.assign(start_month=pd.Series(start).astype("Int64"))
    made = build_roll_out(past.spec, people, past.counts, lambda: (past.rows,))
    effects = effects_of(made, past.spec)
    window = past.spec.follow_up.primary
    head = window_result(effects, window, name="primary", role="headline")
    raw = naive(made.moments, effects)
    return judge(
        "random", past.spec, head, raw, diagnose_roll_out(made, past.spec, effects, (head, raw))
    )


def _strata(spec: StudySpec, people: pd.DataFrame) -> NDArray[np.int64]:
    """The stratum of each site in the order of their names."""
    names = list(spec.allocation.strata)
    site = people[spec.cluster].astype(str)
    if not names:
        return np.zeros(site.nunique(), dtype=np.int64)
    text = people[names].astype("string").fillna("").agg("\x1f".join, axis=1)
    each = text.groupby(site).first().sort_index().to_numpy(dtype=str)
    return np.unique(each, return_inverse=True)[1].astype(np.int64)
