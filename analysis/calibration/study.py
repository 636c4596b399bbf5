"""The placebo programmes of one study, of whichever design it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.calibration.exits import exit_placebos
from analysis.calibration.kpi import lottery_placebos, opt_in_placebos
from analysis.calibration.placebo import NoPlaceboError
from analysis.calibration.pool import build_pool
from analysis.calibration.sites import ALL_MONTHS, site_past, site_placebos
from analysis.calibration.summary import calibration, line_of, no_calibration
from analysis.errors import SpecError
from analysis.exits.build import build_starting
from analysis.roll_out_query import counts_query, people_query, rows_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analysis.calibration.placebo import Kind, Placebo
    from analysis.calibration.summary import Calibration
    from analysis.cohort import Cohort
    from analysis.planning.past import Read
    from analysis.study import StudySpec

    Draws = Callable[[Kind, int], Iterator[Placebo]]

BOTH: tuple[Kind, ...] = ("random", "matched")
_FIGURES = ("continuous", "count")
_NOT_DRAWN = {
    "rating": "ratings are compared within cycles, which placebo programmes do not keep",
    "promotion": "promotions are read from the jobs of real participants",
    "team": "placebo programmes are drawn by person, and a team is one unit",
    "scale": "surveys are too far apart for a placebo programme before and after a wave",
}
_NO_SITES = "exits before a roll-out are seldom on record for long enough"
_NO_LOTS = "the people of a draw are known from its applicants alone, before whom there are none"


def calibrate_study(
    spec: StudySpec, read: Read, cohort: Callable[[], Cohort], programmes: int, min_group: int
) -> Calibration:
    """What ``programmes`` placebo programmes found, half of each kind where a design has two.

    ``read`` answers a query with a frame, ``cohort`` makes the real study's cohort. Everything
    random follows from the study's digest. Where the design or the outcome has no placebo, or the
    records are too short, the calibration has no lines and the reason.
    """
    try:
        draws = _draws(spec, read, cohort, min_group)
    except SpecError as error:
        return no_calibration(spec, _words(error))
    if isinstance(draws, str):
        return no_calibration(spec, draws)
    kinds = BOTH if spec.design == "opt_in" else BOTH[:1]
    lines, everything = [], []
    for place, kind in enumerate(kinds):
        number = programmes // len(kinds) + (place < programmes % len(kinds))
        found, reason = [], ""
        try:
            found = list(draws(kind, number))
        except NoPlaceboError as error:
            reason = str(error)
        except SpecError as error:
            reason = _words(error)
        lines.append(line_of(kind, found, reason))
        everything += found
    return calibration(spec, lines, everything)


def _draws(
    spec: StudySpec, read: Read, cohort: Callable[[], Cohort], min_group: int
) -> Draws | str:
    """What draws so many placebo programmes of a kind, or why there are none."""
    if spec.design == "rollout" and spec.outcome.kind in _FIGURES:
        return _of_sites(spec, read)
    if spec.outcome.kind == "exit" and spec.design == "opt_in":
        built = build_starting(spec, read)
        return lambda kind, number: exit_placebos(built, spec, kind, number, min_group)
    if why := _refused(spec):
        return why
    pool = build_pool(spec, cohort(), read)
    if isinstance(pool, str):
        return pool
    if spec.design == "randomised":
        return lambda _, number: lottery_placebos(pool, number, min_group)
    return lambda kind, number: opt_in_placebos(pool, kind, number, min_group)


def _words(error: SpecError) -> str:
    return f"{error.key}: {error.problem}"


def _of_sites(spec: StudySpec, read: Read) -> Draws | str:
    past = site_past(
        spec,
        read(people_query(spec, ALL_MONTHS)),
        read(counts_query(spec, ALL_MONTHS)),
        read(rows_query(spec, ALL_MONTHS)),
    )
    if isinstance(past, str):
        return past
    return lambda _, number: site_placebos(past, number)


def _refused(spec: StudySpec) -> str:
    if spec.outcome.kind == "exit":
        return _NO_LOTS if spec.design == "randomised" else _NO_SITES
    return _NOT_DRAWN.get(spec.outcome.kind, "")
