"""Time saved in a draw without moving a figure that is kept: shared noise, no secondary figures."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np

from analysis.benefits.answer import WhoBenefits
from analysis.diagnostics import Diagnostic, balance
from analysis.estimate import NotEstimable
from analysis.estimators.lee import lee_bounds
from analysis.estimators.opt_in_results import NAIVE
from analysis.estimators.opt_in_setting import Maker
from analysis.estimators.two_stage import two_stage_least_squares
from analysis.estimators.weighting import raw_difference
from analysis.exits.ratios import Ratios
from analysis.exits.results import estimate_exits
from analysis.scales.results import in_window
from analysis.synthetic import company, opt_in, people, performance, sessions, surveys
from analysis.synthetic.ratings import CYCLES, Ratings
from analysis.synthetic.streams import Streams
from tests.scenarios.questions import SALES, STARTERS
from tests.scenarios.shared import Once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from analysis.estimate import Result
    from analysis.estimators.opt_in_results import Held
    from analysis.estimators.opt_in_setting import Setting
    from analysis.exits.figures import Maker as ExitMaker
    from analysis.panel import Panel
    from analysis.scales.study import Measure, ScaleStudy
    from analysis.study import StudySpec, Window
    from analysis.synthetic.company import Company
    from analysis.synthetic.streams import Floats

_NOT_ASKED = "not asked for here"


class Remembered(Streams):
    """Streams made once: scenarios of one seed share their noise."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._known: dict[tuple[str, int, int, int], Floats] = {}

    def rows(self, name: str, first: int, count: int, width: int) -> Floats:
        """As those of Streams; not to be written to."""
        key = (name, first, count, width)
        if key not in self._known:
            self._known[key] = super().rows(*key)
            self._known[key].flags.writeable = False
        return self._known[key]


@contextmanager
def shared_noise(seed: int) -> Iterator[None]:
    """Companies of this seed drawn within share their streams and what rests on them alone."""
    streams = Remembered(seed)

    def same(asked: int) -> Streams:
        return streams if asked == seed else Streams(asked)

    with _patched({"analysis.synthetic.company.Streams": same, **_shared()}):
        yield


def _shared() -> dict[str, Any]:
    """Functions of the company that scenarios seldom move, each result made once."""
    site = Once(people.site_by_month)
    kpi = Once(performance.log_kpi, copied=True)  # effects are added in place
    absent = Once(performance.on_leave)
    early = Once(surveys.early_engagement)
    noise = Once(surveys.draw_noise, lambda s, first, n, at: (s, first, n, at.error_correlation))
    synthetic = "analysis.synthetic"
    return {
        f"{synthetic}.company._people_and_exits": Once(
            company._people_and_exits, lambda s, size, block, at: (s, size, block, at.attrition)
        ),
        f"{synthetic}.company.draw_seats": Once(company.draw_seats),
        f"{synthetic}.company.severity": Once(company.severity),
        f"{synthetic}.company.draw_matches": Once(company.draw_matches),
        f"{synthetic}.opt_in.past_performance": Once(opt_in.past_performance),
        f"{synthetic}.opt_in.early_engagement": early,
        "tests.scenarios.staff.early_engagement": early,
        f"{synthetic}.blocks.site_by_month": site,
        f"{synthetic}.opt_in.site_by_month": site,
        f"{synthetic}.spillover.site_by_month": site,
        f"{synthetic}.truth_feelings.site_by_month": site,
        f"{synthetic}.blocks.log_kpi": kpi,
        f"{synthetic}.opt_in.log_kpi": kpi,
        f"{synthetic}.blocks.on_leave": absent,
        f"{synthetic}.performance.on_leave": absent,
        f"{synthetic}.truth_feelings.draw_noise": noise,
        "tests.scenarios.marts.draw_noise": noise,
        "tests.scenarios.enrolled.draw_sessions": Once(sessions.draw_sessions),
        # The same people with the same records get the same answer in every scenario.
        "analysis.exits.answer.estimate_exits": Once(estimate_exits),
        "analysis.diagnostics.balance.omnibus_p": Once(balance.omnibus_p, _drawn),
    }


def _drawn(panel: Panel, columns: pd.DataFrame, seed: int, draws: int) -> tuple[Any, ...]:
    """What the omnibus test of balance rests on."""
    found = panel.people
    arms = (panel.comparison, *panel.treated)
    arm = np.array([arms.index(a) for a in found["arm"]])
    strata, cluster = found["stratum"].to_numpy(), found["cluster"].to_numpy()
    return arms, arm, strata.copy(), cluster.copy(), columns.to_numpy(dtype=float), seed, draws


@contextmanager
def _patched(replaced: dict[str, Any]) -> Iterator[None]:
    with ExitStack() as stack:
        for name, by in replaced.items():
            stack.enter_context(patch(name, by))
        yield


def _refused(*_: Any, **__: Any) -> Any:
    raise ValueError(_NOT_ASKED)


def _nothing(*_: Any, **__: Any) -> tuple[Any, ...]:
    return ()


def _reason(*_: Any, **__: Any) -> str:
    return _NOT_ASKED


def _naive_alone(setting: Setting, _: Held) -> Iterator[Result]:
    """Of the companions of an opt-in study the naive difference."""
    problem = setting.problem
    yield Maker(setting).result(
        problem or raw_difference(setting.cells), "naive", "Difference in means", NAIVE,
        role="naive",
    )  # fmt: skip


def _where_kept(made: Callable[..., tuple[Result, ...]], study: str) -> Callable[..., Any]:
    """The figures for the one study of which they are kept."""

    def kept(panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
        return made(panel, spec, window) if spec.study == study else ()

    return kept


def _left_out(maker: ExitMaker, *_: Any, **__: Any) -> Result:
    """A figure of exits that is not made."""
    return NotEstimable(target=maker.target("left_out", _NOT_ASKED), reason=_NOT_ASKED)


def _empty_note(name: str) -> Diagnostic:
    """A note that findings must have, with nothing in it."""
    return Diagnostic(
        name=name, label=_NOT_ASKED, value=None, display="", threshold="", status="note",
        remedy="",
    )  # fmt: skip


def _no_ratings(asked: Company, *_: Any) -> tuple[Ratings, None]:
    """Ratings nobody is asked about."""
    nothing = np.zeros((len(asked), len(CYCLES)))
    return Ratings(latent=nothing, asked=nothing > 0), None


def _kept_window(study: ScaleStudy, window: Window, measure: Measure, *more: Any) -> Any:
    """The headline's estimator on the measures of which figures are kept."""
    return () if measure == "above_cut" else in_window(study, window, measure, *more)


@contextmanager
def headline_only() -> Iterator[None]:
    """Without curves, imputation and other figures and notes beside the headline.

    No gate is among them; a test holds what is kept of a draw equal with and without.
    """
    randomised, opted, exits = "analysis.randomised", "analysis.opt_in", "analysis.exits"
    scales = "analysis.scales"
    without = dict.fromkeys(
        (
            f"{randomised}._other_estimators",
            f"{randomised}._secondary_window",
            f"{randomised}.effects_by_month",
            f"{randomised}.randomisation_inference",
            f"{randomised}.estimate_specification",
            f"{randomised}.first_stage",
            f"{randomised}.dose_associations",
            f"{randomised}.formality_associations",
            f"{randomised}.instrumented_dose",
            f"{randomised}.fading",
            f"{randomised}.first_stage_strength",
            f"{randomised}.response",
            f"{randomised}.response_by_month",
            f"{randomised}.minimum_detectable_effect",
            f"{opted}.estimate_specification",
            f"{opted}.dose_associations",
            f"{opted}.formality_associations",
            f"{opted}.unseen_notes",
            f"{opted}.minimum_detectable_effect",
            f"{opted}.response",
            f"{opted}.response_by_month",
            f"{exits}.results.curves_of",
            f"{exits}.results._other_kinds",
            f"{exits}.checks._notes_of",
            f"{exits}.checks.e_value_notes",
            f"{exits}.checks.minimum_detectable_effect",
            f"{scales}.results.single_item",
            f"{scales}.results.standardised",
            f"{scales}.results.weighted",
            f"{scales}.results.lee_bounds",
            f"{scales}.results._of_those_known",
            f"{scales}.checks.whole_panel",
            f"{scales}.checks.in_window",
            f"{scales}.checks.minimum_detectable_effect",
            "analysis.roll_out.drift_notes",
            "analysis.synthetic.truth._lottery_exits",
            "analysis.synthetic.truth_feelings._ratings",
        ),
        _nothing,
    )
    replaced = {
        **without,
        f"{randomised}.lee_bounds": _where_kept(lee_bounds, STARTERS),
        f"{randomised}.two_stage_least_squares": _where_kept(two_stage_least_squares, SALES),
        f"{opted}.companions": _naive_alone,
        f"{exits}.setting.Fitter.standardised": _reason,
        f"{exits}.setting.Fitter.one_effect": _reason,
        f"{exits}.setting.Fitter.crude_effect": _reason,
        f"{exits}.setting.landmark": lambda *_: None,
        f"{exits}.answer.hazard_ratios": lambda *_: Ratios(results=(), notes=()),
        f"{exits}.answer.subgroup_exits": lambda *_, **__: WhoBenefits(),
        "analysis.roll_out_companions.imputation": _refused,
        "pipelines.studies.who_benefits": lambda *_: WhoBenefits(),
        "pipelines.studies.subgroup_scales": lambda *_: WhoBenefits(),
        "pipelines.studies.mediation_of": lambda *_: ((), ()),
        "pipelines.scales._later_exits": lambda *_: _empty_note("intent_predicts_exit"),
        f"{scales}.checks.bounds_of": lambda *_: [_empty_note("response_bounds")],
        f"{exits}.results.days": _left_out,
        f"{exits}.results._avoided": _left_out,
        f"{scales}.results.in_window": _kept_window,
        "analysis.synthetic.blocks.block_ratings": _no_ratings,
        "analysis.synthetic.blocks.manager_by_month": lambda *_: None,
    }
    with _patched(replaced):
        yield
