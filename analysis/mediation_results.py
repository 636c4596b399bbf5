"""Named results of one mediation: what each figure is of, its interval, and its assumptions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.estimate import Estimate, NotEstimable, Target
from analysis.estimators.mediation import DIRECT, JOINT, PROPORTION, TOTAL
from analysis.estimators.results import NO_SPREAD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.estimate import Result
    from analysis.estimators.mediation import Paths
    from analysis.estimators.moment_bootstrap import Resampled
    from analysis.mediation_people import Rows
    from analysis.mediation_spec import Mediation
    from analysis.study import StudySpec

MEDIATION = "mediation"  # how the names of these results begin
# Words that the report knows the assumptions by.
THROUGH = "goes through"
HOW, BCA = "Products of least-squares coefficients", "BCa interval"
ASSOCIATED = "association among those who took part: not an effect"
_RELATIVE_ZERO = 1e-10
_WIDTH = 2 * 1.959964  # standard errors in a 95 % interval


def wanted(paths: Paths) -> Iterator[str]:
    """Names of the effects that are shown, as ``path_effects`` has them, the indirect one first."""
    if len(paths.names) > 1:
        yield JOINT
        yield from _paths(paths)
    else:
        yield f"{JOINT}.{paths.names[0]}"
    for place, _ in enumerate(paths.at):
        yield from (f"{JOINT}.{name}@{place}" for name in paths.names)
    if paths.moderates:
        yield from (f"index.{name}" for name in paths.names)
    if paths.interaction:
        yield from (f"{e}.{word}" for e in (JOINT, DIRECT) for word in ("control", "treated"))
    yield DIRECT
    yield TOTAL


def _paths(paths: Paths) -> Iterator[str]:
    if paths.order == "parallel":
        yield from (f"{JOINT}.{name}" for name in paths.names)
        return
    ways: list[tuple[str, ...]] = [()]
    for name in paths.names:
        ways += [(*way, name) for way in ways]
    yield from (f"{JOINT}.{'>'.join(way)}" for way in ways if way)


def results_of(
    rows: Rows, spec: StudySpec, asked: Mediation, paths: Paths, drawn: Resampled
) -> tuple[Result, ...]:
    """Every effect with its percentile interval; indirect ones with the BCa interval beside.

    The percentile interval comes first: BCa ones claim an indirect effect somewhat too often
    where one of its two paths is absent (Fritz, Taylor and MacKinnon 2012).
    """
    made: list[Result] = []
    for name in wanted(paths):
        target = target_of(rows, spec, asked, paths, name)
        made.append(_estimate(rows, target, drawn, name, drawn.percentile(name), "percentile"))
        if name.startswith((JOINT, "index")):
            beside = target_of(rows, spec, asked, paths, name, BCA)
            made.append(_estimate(rows, beside, drawn, name, drawn.bca(name), "BCa"))
    if not (rows.function or paths.moderates):
        made.append(_proportion(rows, spec, asked, paths, drawn))
    return tuple(made)


def target_of(
    rows: Rows, spec: StudySpec, asked: Mediation, paths: Paths, name: str, interval: str = ""
) -> Target:
    """What the effect ``name`` is about; ``interval`` is said where it is not the usual one."""
    what = _what(paths, name)
    unit = spec.unit
    if name.startswith("index"):
        unit = f"{spec.unit} a unit of {asked.moderator}"
    prefix = f"{MEDIATION}."
    if rows.function:
        prefix = f"{MEDIATION}.{rows.function}."
        what, unit = f"by {rows.function}, {what}; {ASSOCIATED}", f"{spec.unit} a point"
    words = [HOW, *_where(paths, asked, name), *([interval] if interval else [])]
    return Target(
        name=f"{prefix}{name.split('@')[0]}",
        role="association" if rows.function else "secondary",
        estimand=what,
        estimator=", ".join(words),
        arm=rows.arm,
        comparison=rows.comparison,
        window=spec.follow_up.primary,
        unit=unit,
    )


def _what(paths: Paths, name: str) -> str:
    """The estimand in words; with several mediators, what one of them alone can mean."""
    first, _, rest = name.split("@")[0].partition(".")
    if first == TOTAL:
        return "all of it, among those who answered both waves (total effect)"
    if first == DIRECT:
        return f"what {THROUGH} none of the mediators (direct effect)" + _held(rest)
    if first == "index":
        return f"index of moderated mediation: change of what {THROUGH} {rest}"
    if rest in ("", "control", "treated"):
        return f"what {THROUGH} the mediators together (joint indirect effect)" + _held(rest)
    if ">" in rest or paths.order == "serial":
        way = " and then ".join(rest.split(">"))
        return f"what {THROUGH} {way} and no other (path-specific effect)"
    # With several, which moves which is not known: only shifting one of them has a meaning.
    kind = "interventional indirect effect" if len(paths.names) > 1 else "indirect effect"
    return f"what {THROUGH} {rest} ({kind})"


def _held(word: str) -> str:
    said = {"control": "without exposure", "treated": "with exposure"}
    return f", the rest held as it is {said[word]}" if word else ""


def _where(paths: Paths, asked: Mediation, name: str) -> list[str]:
    if "@" in name:
        return [f"at {asked.moderator} {paths.at[int(name.split('@')[1])]:.3g}"]
    if paths.moderates and not name.startswith("index"):
        return [f"at the mean of {asked.moderator}"]
    return []


def _estimate(
    rows: Rows,
    target: Target,
    drawn: Resampled,
    name: str,
    interval: tuple[float, float],
    how: str,
) -> Result:
    error, point = drawn.std_error(name), drawn.point[name]
    if not error > _RELATIVE_ZERO * max(abs(point), float(abs(rows.outcome).max())):
        return NotEstimable(target=target, reason=NO_SPREAD)
    by = "by person" if drawn.groups == len(rows.outcome) else "by cluster"
    terms = rows.controls.shape[1] + rows.mediators.shape[1] + 1
    return Estimate(
        target=target,
        estimate=point,
        std_error=error,
        ci_low=interval[0],
        ci_high=interval[1],
        p_value=drawn.p_value(name) if how == "percentile" else None,
        df=float(min(len(rows.outcome) - terms, drawn.groups - 1)),
        n_treated=rows.counts[0],
        n_comparison=rows.counts[1],
        n_rows=len(rows.outcome),
        convention=f"bootstrap {by}, {len(drawn.draws[name]):,} draws, {how} interval",
    )


def _proportion(
    rows: Rows, spec: StudySpec, asked: Mediation, paths: Paths, drawn: Resampled
) -> Result:
    """The joint indirect effect over the total, where the total surely is not 0.

    Elsewhere the ratio has no mean and its interval says nothing; with paths of opposite signs it
    is no share at all, and is not shown either.
    """
    base = target_of(rows, spec, asked, paths, JOINT)
    target = Target(
        name=f"{MEDIATION}.{PROPORTION}",
        role="secondary",
        estimand=f"share of the effect that {THROUGH} the mediators",
        estimator="Indirect over total effect",
        arm=base.arm,
        comparison=base.comparison,
        window=base.window,
        unit="%",
    )
    total = drawn.percentile(TOTAL)
    if total[0] <= 0 <= total[1]:
        reason = "the total effect may be 0, of which there is no share"
        return NotEstimable(target=target, reason=reason)
    if not 0 <= drawn.point[PROPORTION] <= 1:
        reason = "indirect and direct effect have opposite signs: they are no shares of a whole"
        return NotEstimable(target=target, reason=reason)
    made = _estimate(rows, target, drawn, PROPORTION, drawn.percentile(PROPORTION), "percentile")
    if isinstance(made, NotEstimable):
        return made
    low, high = 100 * made.ci_low, 100 * made.ci_high
    # A ratio has no standard deviation: the error is what a normal interval as wide would have.
    return replace(
        made,
        estimate=100 * made.estimate,
        std_error=(high - low) / _WIDTH,
        ci_low=low,
        ci_high=high,
        p_value=None,
        convention=f"{made.convention}, standard error from its width",
    )
