"""Sentences of a finished page that claim more than the grade of its study allows.

The rules are written down anew: nothing here asks the product which words it may use.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.page import Block, Json, Page, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# Verbs that claim a cause where something is said to have happened.
CAUSAL = re.compile(
    r"\b(?:rais|lower|increas|decreas|improv|reduc|boost|caus|prevent|lift|cut)(?:es|ed|ing|s)\b"
    r"|\b(?:leads?|led) to\b|\bbecause of\b|\bthanks to\b|\bdue to\b|\bresult(?:s|ed) in\b"
    r"|\bmakes? (?:people|them)\b|\bgain(?:s|ed)\b|\bkeeps? people\b|\bchanged\b",
    re.IGNORECASE,
)
# A title or head that calls what stands below an effect; "Possible effect on" does not.
TITLED = re.compile(r"^Effects?\b|\bof the effect on\b|\bthe effect is the same\b")
HEDGED = re.compile(
    r"\bmay\b|\bmight\b|\bperhaps\b|\bwhether\b|\bif\b|\bcannot\b|\bcould\b|\bwould\b|\bassumes?\b"
    r"|\bunless\b|\?",
    re.IGNORECASE,
)
PROBABLY = re.compile(r"\bprobably\b", re.IGNORECASE)
# Never said of anything; "not proven" and what may not be said are taken out first.
FORBIDDEN = re.compile(
    r"\bprove[sn]?\b|\bimpact\w*|\bdriver\w*|\bdrives?\b|\bsignifican\w+"
    r"|\bhighly\b|\bclearly\b|\bobvious\w*|[A-Za-z]!",
    re.IGNORECASE,
)
NOT_PROVEN = re.compile(r"\bnot proven\b|\bnothing is proven\b", re.IGNORECASE)
SIGNED_PER_CENT = re.compile("[+−][0-9][0-9.,]*[\u202f\u00a0 ]?%")

UNCERTAIN = ("Suggestive", "Descriptive only", "Withheld")
NOT_CLAIMS = ("literature", "data_quality", "provenance")  # of others, of files, of the run
# Sentences about grades and registration, which are about no outcome.
OF_THE_RULES = re.compile(r"\bgrade\b|\bexploratory\b|\bEffect, if through this alone\b")


def claims(html: str, grade: str) -> list[str]:
    """Sentences of a page of studies of one grade that the grade does not allow, with reasons."""
    found = []
    for block, said in _sentences(Page(html)):
        bare = NOT_PROVEN.sub("", said)
        if match := FORBIDDEN.search(bare):
            found.append(f"{match.group()!r} is never said: {block.section}: {said}")
        if grade in UNCERTAIN:
            found += [f"{why}: {block.section}: {said}" for why in _claimed(bare, grade)]
    return list(dict.fromkeys(found))


def per_cent_of_shares(html: str) -> list[str]:
    """Differences printed in per cent on a page where every outcome is a share."""
    said = (s for _, s in _sentences(Page(html)))
    return [s for s in said if SIGNED_PER_CENT.search(s)]


def _claimed(said: str, grade: str) -> Iterator[str]:
    hedged = HEDGED.search(said) is not None or OF_THE_RULES.search(said) is not None
    if (match := CAUSAL.search(said)) and not hedged:
        yield f"{match.group()!r} claims a cause"
    if PROBABLY.search(said):
        yield f"'probably' is too much for {grade}"
    if grade != "Withheld" and TITLED.search(said) and not hedged:
        yield "called an effect"


def _sentences(page: Page) -> Iterator[tuple[Block, str]]:
    grades = False  # inside the table of grades, which quotes every verb
    for block in page.blocks:
        if block.section == "methods" and block.tag in ("caption", "summary"):
            grades = "grade" in block.text.lower()
        if not (grades or block.quoted or block.section in NOT_CLAIMS):
            yield from ((block, said) for said in block.sentences)
    for figure in page.data:
        for text in _seen(figure):
            yield Block("chart", "chart", text), text


def _seen(figure: Json) -> list[str]:
    """Texts of a chart, without its names of colours and marks."""
    shown = (figure["layout"].get(k) for k in ("annotations", "title", "xaxis", "yaxis"))
    return [t for part in shown for t in texts_of(part) if " " in t]
