"""One placebo programme: what the study's whole path said of it, and whether it claimed an effect.

Nobody took part in a placebo programme, so its effect is zero whatever the outcome is like: a
*placebo in time and space* (Abadie, Diamond & Hainmueller 2010, JASA 105:493-505; Bertrand, Duflo &
Mullainathan 2004, QJE 119:249-275). Many of them are the negative controls by which a method is
held against its nominal error on the very data it is used on (Schuemie, Ryan, DuMouchel, Suchard &
Madigan 2014, Statistics in Medicine 33:209-218).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analysis.estimate import Estimate
from analysis.finding import Finding, Flow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.diagnostics import Diagnostic
    from analysis.estimate import Result
    from analysis.finding import Grade
    from analysis.study import StudySpec

Kind = Literal["random", "matched"]
NO_CLAIM: frozenset[Grade] = frozenset({"Descriptive only", "Withheld"})


class NoPlaceboError(Exception):
    """No placebo programme of a kind can be drawn; the message says why, in plain words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placebo:
    """The answer about a programme that did not exist.

    ``p_value`` and the 95 % interval ``low`` to ``high`` are the headline's, on the scale where 0
    is no effect; ``naive_p`` is the raw comparison's. None where there was no figure. ``failed``
    names the checks that withheld the answer.
    """

    kind: Kind
    p_value: float | None
    low: float | None
    high: float | None
    naive_p: float | None
    grade: Grade
    failed: tuple[str, ...] = ()

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval, gates aside, has no effect outside."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high

    @property
    def claimed(self) -> bool:
        """Whether the report would have claimed an effect."""
        return self.excludes_zero and self.grade not in NO_CLAIM


def judge(
    kind: Kind, spec: StudySpec, head: Result, naive: Result, checks: Iterable[Diagnostic]
) -> Placebo:
    """The placebo as the product grades it: by the same finding as the real study."""
    found = Finding(
        spec=spec, population="", flow=Flow(steps=(), arms=()),
        estimates=(head, naive), diagnostics=tuple(checks),
    )  # fmt: skip
    known = isinstance(head, Estimate)
    return Placebo(
        kind=kind,
        p_value=head.p_value if isinstance(head, Estimate) else None,
        low=head.ci_low if isinstance(head, Estimate) else None,
        high=head.ci_high if isinstance(head, Estimate) else None,
        naive_p=naive.p_value if isinstance(naive, Estimate) else None,
        grade=found.grade,
        failed=tuple(
            sorted({d.name for d in found.diagnostics if d.status == "fail"})
            + ([] if known else ["not_estimable"])
        ),
    )
