"""The gates of a programme people chose, each with what is planted for it."""

from __future__ import annotations

import math

from tests.detection import opt_in
from tests.detection.curve import Gate

GATES = (
    Gate(
        name="balance after weighting",
        planted="difference left, SD",
        theory=opt_in.balance_theory,
        draw=opt_in.balance_draw,
        nominal=0.05,
        allowed=opt_in.LIMIT,
        search=(0.05, 0.28),
        slack=0.03,
        how="normal, delta method over counts",
    ),
    Gate(
        name="comparators near joiners",
        planted="share of joiners without one",
        theory=opt_in.alone_theory,
        draw=opt_in.alone_draw,
        nominal=0.5,
        allowed=opt_in.ALONE,
        search=(0.01, 0.6),
        how="binomial, exact",
    ),
    Gate(
        name="effective size of the comparison",
        planted="share of the comparison unlike nine tenths of joiners",
        theory=opt_in.few_theory,
        draw=opt_in.few_draw,
        nominal=0.001,
        none=0.5,
        search=(0.5, 0.999),
        how="two binomials, exact",
    ),
    Gate(
        name="open choice (warns)",
        planted="pull of one trait, share of joiners and of others off a half",
        theory=opt_in.choice_theory,
        draw=opt_in.choice_draw,
        nominal=0.001,
        search=(0.0, 0.45),
        caught_as=("warn",),
        slack=0.01,
        how="two binomials, exact",
    ),
    Gate(
        name="placebo before the choice",
        planted="hidden difference before the choice, SD",
        theory=opt_in.placebo_theory,
        draw=opt_in.placebo_draw,
        nominal=0.05,
        search=(0.0, 0.6),
        slack=0.02,
        how="noncentral t",
    ),
    Gate(
        name="negative controls",
        planted="hidden difference of one of three, SD",
        theory=opt_in.controls_theory,
        draw=opt_in.controls_draw,
        nominal=0.01,
        search=(0.0, 0.6),
        slack=0.02,
        how="noncentral t, Holm",
    ),
    Gate(
        name="spread of 40 negative controls (EASE)",
        planted="systematic error, SD of log ratios",
        theory=opt_in.ease_theory,
        draw=opt_in.ease_draw,
        nominal=0.5,
        allowed=opt_in.EASE * (math.pi / 2) ** 0.5,
        search=(0.01, 0.9),
        slack=0.01,
        how="normal mean, chi-square variance",
    ),
    Gate(
        name="missing outcomes (opt-in)",
        planted="difference of shares with an outcome",
        theory=opt_in.missing_theory,
        draw=opt_in.missing_draw,
        nominal=0.025,
        allowed=opt_in.GAP_LIMIT,
        search=(0.0, 0.5),
        slack=0.03,
        how="normal",
    ),
)
