"""What is to be known of each threshold beside its value: words, checks that read it, source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analysis.diagnostics.wording import per_cent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.diagnostics.thresholds import Thresholds

# How a limit is written and printed: a probability, a share or a difference of shares (fractions),
# standard deviations, any number, whole people.
Unit = Literal["p", "share", "points", "SD", "number", "people"]
# On which side of the limit a check objects.
Side = Literal["below", "above"]

OURS = "convention of this product"
RULE = "5 and 20 % rule (Schulz and Grimes 2002, Lancet 359:781)"
SRM = "usual for sample ratios: .01 to .001 (Fabijan et al. 2019, KDD)"
IDEA = f"{OURS}; negative controls: Lipsitch et al. 2010, Epidemiology 21:383"
MEAN_1 = f"{OURS}; stabilised weights: Cole and Hernan 2008, Am J Epidemiol 168:656"
ITEMS = "moderate difference of an item (Zwick, Thayer and Mazzeo 1997, Appl Meas Educ 10:321)"
OHDSI = "default of CohortMethod (OHDSI)"
STAIGER = "Staiger and Stock 1997, Econometrica 65:557"
ROTH = "Roth 2022, AER: Insights 4:305, looks at 50 and 80 %"
AUSTIN = "Austin 2009, Statistics in Medicine 28:3083"
WALKER = "Walker et al. 2013, Comparative Effectiveness Research 3:11"
PEDUZZI = "Peduzzi et al. 1996, J Clin Epidemiol 49:1373"
VITTINGHOFF = "Vittinghoff and McCulloch 2007, Am J Epidemiol 165:710"
NUNNALLY = "Nunnally 1978, Psychometric Theory"
TWO = "a variance needs two"


@dataclass(frozen=True, slots=True)
class Limit:
    """What is held against a threshold (``words``) and what then happens (``does``).

    ``checks`` are the names of the diagnostics that read it; ``source`` is that of the default.
    """

    words: str
    does: str
    side: Side
    unit: Unit
    checks: tuple[str, ...]
    source: str = OURS
    skips: bool = False  # on this side nothing is looked at at all

    def text(self, value: float) -> str:
        """The limit as printed: "below p = 0.01", "above 5 %"."""
        number = per_cent(value) if self.unit in ("share", "points") else f"{value:g}"
        before = "p = " if self.unit == "p" else ""
        named = {"share": " %", "points": " points", "SD": " SD", "people": " people"}
        after = named.get(self.unit, "")
        return f"{self.side} {before}{number}{after}"

    def looser(self, value: float, default: float) -> bool:
        """Whether the value lets more pass than the default."""
        lower_is_looser = (self.side == "below") != self.skips
        return value < default if lower_is_looser else value > default


def _share(words: str, does: str, *checks: str, source: str = OURS) -> Limit:
    return Limit(words, does, "above", "share", checks, source)


def _p(words: str, does: str, *checks: str, source: str = OURS) -> Limit:
    return Limit(words, does, "below", "p", checks, source)


def _low(words: str, does: str, unit: Unit, *checks: str, source: str = OURS) -> Limit:
    return Limit(words, does, "below", unit, checks, source)


def _high(words: str, does: str, unit: Unit, *checks: str, source: str = OURS) -> Limit:
    return Limit(words, does, "above", unit, checks, source)


_SIZES, _MISSING = "sizes of the arms against the planned shares", "differential_missing_outcome"
_MENTORED = "comparators who were mentored, or share a team with mentees"
_NEAR = "share of those who joined with a comparator near them"
_WEIGHT = "weights of comparators who start later: "
_ITEMS = "an item between the arms, given the others: "
_MATES = ("contamination", "mentored_mates")

# One row a threshold, in the order in which the report prints them.
# fmt: off
LIMITS: dict[str, Limit] = {
    "sample_ratio_warn_p": _p(_SIZES, "warns", "sample_ratio", source=SRM),
    "sample_ratio_fail_p": _p(_SIZES, "fails", "sample_ratio", source=SRM),
    "sample_ratio_fail_deviation": _high(
        "deviation from the planned shares", "needed to fail", "points", "sample_ratio"),
    "balance_fail_p": _p("arms alike before the start, jointly", "fails", "balance"),
    "missing_warn": _high(
        "difference in missing outcomes", "warns", "points", _MISSING, source=RULE),
    "missing_fail": _high(
        "95 % limit of the difference in missing outcomes", "fails", "points", _MISSING,
        source=RULE),
    "contamination_warn": _share(_MENTORED, "warns", *_MATES, source=RULE),
    "contamination_fail": _share(_MENTORED, "fails", *_MATES, source=RULE),
    "rated_by_mentor": _share("people rated by their own mentor", "caps", "who_rates"),
    "weak_first_stage": _low(
        "first-stage F", "is called weak", "number", "first_stage_f", source=STAIGER),
    "people_fail": _low(
        "people with an outcome in the smallest arm", "fails", "people", "enough_data", source=TWO),
    "answers_fail": _low("answers in the smallest arm", "fails", "people", "enough_answers"),
    "pre_trend_warn_p": _p("development before the start", "warns", "pre_trend"),
    "pre_trend_fail_p": _p("development before the start", "fails", "pre_trend"),
    "pre_trend_fail_share": _share(
        "largest lead, surely, in the effect of interest", "needed to fail", "pre_trend"),
    "pre_trend_power": _low(
        "power to see a drift to the effect of interest", "warns", "share", "pre_trend",
        source=ROTH),
    "adjusted_smd": _high(
        "largest difference left after weighting", "warns; fails where surely so", "SD",
        "adjusted_balance", source=AUSTIN),
    "comparable_warn": _low(_NEAR, "warns", "share", "comparability"),
    "comparable_fail": _low(_NEAR, "fails", "share", "comparability"),
    "equipoise_warn": _low(
        "people whose choice was open", "warns", "share", "equipoise", source=WALKER),
    "effective_size_fail": _low(
        "effective size of the comparison", "fails", "people", "effective_sample_size"),
    "placebo_warn_p": _p("effect before the choice", "warns", "placebo"),
    "placebo_fail_p": _p("effect before the choice", "fails", "placebo"),
    "negative_control_warn_p": _p(
        "smallest p of the negative controls", "warns", "negative_controls", source=IDEA),
    "negative_control_fail_p": _p(
        "the same after Holm", "fails", "negative_controls", source=IDEA),
    "negative_control_ease": _high(
        "systematic error of 30 or more negative controls (EASE, log ratio)", "fails", "number",
        "negative_controls", source=OHDSI),
    "exits_a_parameter_warn": _low(
        "exits for each parameter", "warns", "number", "events_per_parameter", source=PEDUZZI),
    "exits_a_parameter_fail": _low(
        "exits for each parameter", "fails", "number", "events_per_parameter", source=VITTINGHOFF),
    "weights_mean": _high(
        f"{_WEIGHT}distance of the mean from 1", "warns", "number", "start_weights",
        source=MEAN_1),
    "weights_largest": _high(
        f"{_WEIGHT}the largest", "warns", "number", "start_weights", source=MEAN_1),
    "scale_reliability": _low(
        "alpha or omega of a scale", "warns", "number", "scale_reliability", source=NUNNALLY),
    "scale_people": Limit(
        "people of a wave", "is not looked at", "below", "people", ("scale_reliability",),
        skips=True),
    "item_level": _high(f"{_ITEMS}difference", "warns", "SD", "invariance", source=ITEMS),
    "item_slope": _high(f"{_ITEMS}difference of correlation", "warns", "number", "invariance"),
    "item_p": _p(f"{_ITEMS}Benjamini-Hochberg", "needed to warn", "invariance"),
    "exits_undated_warn": _share("exits without a recorded day", "warns", "exit_dates"),
    "exits_undated_fail": _share("exits without a recorded day", "fails", "exit_dates"),
    "exits_unknown_warn": _share("exits of unknown kind", "warns", "exit_kinds"),
    "exits_unknown_fail": _share("exits of unknown kind", "fails", "exit_kinds"),
    "notice_unknown_fail": _share(
        "resignations without a day of notice", "fails", "notice_days"),
    "exits_known_warn": _low(
        "exits known within two months", "warns, and the follow-up ends earlier", "share",
        "restatement_lag"),
    "exits_fewer_warn_p": _p(
        "fewer exits in the last two months", "warns, and the follow-up ends earlier",
        "restatement_lag"),
}
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedLimit:
    """One limit as it is printed: value, default, who set it (project file or default), source."""

    name: str
    words: str
    does: str
    value: float
    display: str
    default: float
    set_by: Literal["default", "project file"]
    looser: bool
    source: str
    display_default: str

    @property
    def sentence(self) -> str:
        """What the project set, and what it stands in for."""
        return f"{self.words}: {self.does} {self.display} (default {self.display_default})"


def used_limits(values: Thresholds, checks: Iterable[str]) -> tuple[UsedLimit, ...]:
    """The limits that the diagnostics of these names read, in the order of the table."""
    made = set(checks)
    return tuple(
        _used(name, limit, values) for name, limit in LIMITS.items() if made & {*limit.checks}
    )


def _used(name: str, limit: Limit, values: Thresholds) -> UsedLimit:
    value = getattr(values, name)
    default = type(values).model_fields[name].default
    return UsedLimit(
        name=name,
        words=limit.words,
        does=limit.does,
        value=value,
        display=limit.text(value),
        default=default,
        set_by="default" if value == default else "project file",
        looser=limit.looser(value, default),
        source=limit.source,
        display_default=limit.text(default),
    )
