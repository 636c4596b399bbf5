"""The sections of the report in the order they are printed; the answer is page one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.sections import (
    answer,
    balance,
    benefits,
    beyond,
    calibrated,
    checks,
    compared,
    data_quality,
    dose,
    intention,
    literature,
    mediation,
    methods,
    money,
    others,
    over_time,
    provenance,
    turnover,
    volunteers,
)

if TYPE_CHECKING:
    from reports.sections.section import Section

ANSWER: Section = answer.SECTION
SECTIONS: tuple[Section, ...] = (
    compared.SECTION,
    over_time.SECTION,
    turnover.SECTION,
    intention.SECTION,
    benefits.SECTION,
    money.SECTION,
    checks.SECTION,
    balance.SECTION,
    calibrated.SECTION,
    others.SECTION,
    volunteers.SECTION,
    beyond.SECTION,
    mediation.SECTION,
    dose.SECTION,
    data_quality.SECTION,
    literature.SECTION,
    methods.SECTION,
    provenance.SECTION,
)
