"""What a study's placebo programmes add up to: shares over programmes, nothing about people."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analysis.calibration.placebo import Placebo
    from analysis.study import StudySpec

NOMINAL = 0.05
ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A count of programmes, those it is of, and the exact 95 % binomial interval of the share.

    Clopper & Pearson 1934 (Biometrika 26:404-413). Programmes of one company share people, so a
    share varies somewhat more than the interval says.
    """

    count: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """The share; None of no programmes."""
        return self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Placebo programmes of one kind (``random``, ``matched``, ``all``), or why there are none.

    Of ``programmes``: ``claimed`` graded above Descriptive only with an interval without 0,
    ``withheld``. Of those with a figure: ``ungated`` p < .05 before any check, ``covered`` an
    interval with 0, ``naive`` p < .05 of the raw comparison. ``failed``: checks that withheld
    answers and in how many programmes.
    """

    kind: str
    programmes: int
    claimed: Share
    withheld: Share
    ungated: Share
    covered: Share
    naive: Share
    failed: tuple[tuple[str, int], ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The placebo programmes of one study; ``lines`` end with those of all kinds together.

    Without lines ``reason`` says why none could be drawn.
    """

    study: str
    design: str
    outcome_kind: str
    lines: tuple[Line, ...] = ()
    reason: str = ""

    @property
    def total(self) -> Line | None:
        """All kinds together; None where no programme was drawn."""
        return self.lines[-1] if self.lines else None

    @property
    def too_many(self) -> bool:
        """Whether claims are more than chance allows: the interval lies above the nominal 5 %."""
        return self.total is not None and self.total.claimed.low > NOMINAL

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def share(count: int, of: int) -> Share:
    """The share with its exact binomial interval, (0, 1) of nothing."""
    low = float(stats.beta.ppf(0.025, count, of - count + 1)) if count else 0.0
    high = float(stats.beta.ppf(0.975, count + 1, of - count)) if count < of else 1.0
    return Share(count=count, of=of, low=low, high=high)


def line_of(kind: str, placebos: Sequence[Placebo], reason: str = "") -> Line:
    """The shares over these programmes."""
    known = [p for p in placebos if p.low is not None]
    raw = [p for p in placebos if p.naive_p is not None]
    names = sorted({name for p in placebos for name in p.failed})
    return Line(
        kind=kind,
        programmes=len(placebos),
        claimed=share(sum(p.claimed for p in placebos), len(placebos)),
        withheld=share(sum(p.grade == "Withheld" for p in placebos), len(placebos)),
        ungated=share(sum(below(p.p_value) for p in known), len(known)),
        covered=share(sum(not p.excludes_zero for p in known), len(known)),
        naive=share(sum(below(p.naive_p) for p in raw), len(raw)),
        failed=tuple((name, sum(name in p.failed for p in placebos)) for name in names),
        reason=reason,
    )


def below(p_value: float | None) -> bool:
    """Whether a p-value is below the nominal level."""
    return p_value is not None and p_value < NOMINAL


def calibration(
    spec: StudySpec, lines: Iterable[Line], everything: Sequence[Placebo]
) -> Calibration:
    """The lines of a study and of all its programmes, or the reasons why there are none."""
    kinds = tuple(lines)
    if not everything:
        return no_calibration(spec, "; ".join(dict.fromkeys(k.reason for k in kinds)))
    return _made(spec, lines=(*kinds, line_of(ALL, everything)))


def no_calibration(spec: StudySpec, reason: str) -> Calibration:
    """No placebo programmes, and why."""
    return _made(spec, reason=reason)


def _made(spec: StudySpec, **more: Any) -> Calibration:
    return Calibration(study=spec.study, design=spec.design, outcome_kind=spec.outcome.kind, **more)


def restore_calibration(saved: dict[str, Any]) -> Calibration:
    """The calibration that :meth:`Calibration.as_dict` wrote."""
    shares = ("claimed", "withheld", "ungated", "covered", "naive")
    lines = tuple(
        Line(
            **{
                **line,
                **{name: Share(**line[name]) for name in shares},
                "failed": tuple((name, count) for name, count in line["failed"]),
            }
        )
        for line in saved["lines"]
    )
    return Calibration(**{**saved, "lines": lines})
