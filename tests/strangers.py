"""What a stranger learns from the artifacts of one study about fewer than ten of its people.

The truth is the exact finding and the list of people, which no reader has: where it says that a
group or a remainder is small, nothing that is printed may give its size.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any

from analysis.estimate import Estimate
from tests.page import Page, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.disclosure import Release
    from analysis.finding import Finding
    from tests.small_companies import Company

MIN_GROUP, ROUND_TO = 10, 5
LIMITS = (2, 10, 20, 100)  # of checks, and "of 100 people"
PEOPLE = re.compile(
    r"(?<![\w.,\u2212<≥-])(\d[\d,]*)[\s\u00a0\u202f]+(?:\w+ )?"
    r"(?:people|persons|person|employees|mentees|mentors|leavers)\b"
)
HEADS = re.compile(r"^(people|persons|left out|n|mentees|in the answer|took part)$", re.I)
RATE = re.compile(r"(?<![\w.,<≥])(\d+(?:\.\d+)?)[\s\u00a0\u202f]?%")
BOUND = re.compile(r"under|over|not shown|<|≥")


def learned(
    company: Company, finding: Finding, release: Release, page: Page, data: Any
) -> list[str]:
    """Everything that a stranger learns and must not, in words; empty where nothing is."""
    texts = [*(b.text for b in page.blocks), *texts_of(page.data), *texts_of(data)]
    found = [*_counts(texts), *_table_counts(page), *_steps(finding, release)]
    found += _remainders(finding, release)
    found += [*_levels(company, page, data), *_rates(finding, release)]
    return list(dict.fromkeys(found))


def _counts(texts: list[str]) -> Iterator[str]:
    """Counts of people in sentences; "of 100 people" is a way to speak."""
    for text in texts:
        for match in PEOPLE.finditer(text):
            n = int(match.group(1).replace(",", ""))
            before = text[: match.start()].rstrip().lower()
            if n == 2 and before.endswith("fewer than"):
                yield f"one or none told from nine: {text[:160]}"
            if before.endswith(("fewer than", "of", "under", "least", "below")) and n in LIMITS:
                continue
            if n % ROUND_TO or 0 < n < MIN_GROUP:
                yield f"count of {n}: {text[:160]}"


def _table_counts(page: Page) -> Iterator[str]:
    for head, cell in page.columns:
        n = cell.replace(",", "")
        if HEADS.match(head) and n.isdigit() and (int(n) % ROUND_TO or 0 < int(n) < MIN_GROUP):
            yield f"cell {cell} under {head}"


def _steps(finding: Finding, release: Release) -> Iterator[str]:
    """Lines of the attrition table of which two, as printed, leave a small rest."""
    exact = [("", s.people) for s in finding.flow.steps]
    exact += [(a.arm, a.people) for a in finding.flow.arms]
    lines = [(arm, n, s.people) for (arm, n), s in zip(exact, release.steps, strict=True)]
    for arm, group in groupby(sorted(lines, key=lambda x: x[0]), key=lambda x: x[0]):
        rows = list(group)
        whole, shown = rows[0][1:]
        for _, n, text in rows[1:]:
            if 0 < whole - n < MIN_GROUP and _is_number(shown) and _is_number(text):
                yield f"steps of {arm or 'everybody'}: {shown} and {text} leave {whole - n}"


def _remainders(finding: Finding, release: Release) -> Iterator[str]:
    """Groups shown beside everybody: who is in none of them, on each side of the comparison."""
    rows = list(zip(finding.estimates, release.estimates, strict=True))
    whole = {
        (e.arm, e.window): x
        for x, e in rows
        if isinstance(x, Estimate) and e.name == "primary" and not e.subgroup and e.n_people
    }
    groups = [(x, e) for x, e in rows if e.name.startswith("subgroup") and e.n_people]
    key = lambda row: (row[1].name, row[1].arm, row[1].window)  # noqa: E731
    for (name, arm, window), group in groupby(sorted(groups, key=key), key=key):
        everybody, found = whole.get((arm, window)), [x for x, _ in group]
        for side in ("n_treated", "n_comparison"):
            rest = getattr(everybody, side, 0) - sum(getattr(x, side) for x in found)
            if 0 < rest < MIN_GROUP:
                yield f"{name} {arm}: the groups shown leave {rest} of {side}"


def _levels(company: Company, page: Page, data: Any) -> Iterator[str]:
    """Names of groups of fewer than ten beside a figure."""
    for name, n in company.teams().items():
        if n >= MIN_GROUP:
            continue
        for block in page.blocks:
            if name in block.text and re.search(r"\d", block.text.replace(name, "")):
                yield f"team {name} of {n}: {block.text[:160]}"
        for text in texts_of(data):
            if name in text and re.search(r"\d", text.replace(name, "")):
                yield f"team {name} of {n} in JSON: {text[:160]}"


def _rates(finding: Finding, release: Release) -> Iterator[str]:
    """Shares of so few people, or of all but so few, printed as a number and not as a bound."""
    for exact, d in zip(finding.diagnostics, release.diagnostics, strict=True):
        parts = d.display.split(", ")
        if len(parts) != len(exact.shares):
            continue
        for share, text in zip(exact.shares, parts, strict=True):
            small = [n for n in (share.people, share.of - share.people) if 0 < n < MIN_GROUP]
            if small and RATE.search(text) and not BOUND.search(text):
                yield f"{d.name}: {text} is {share.people} of {share.of}"


def _is_number(text: str) -> bool:
    return text.replace(",", "").isdigit()
