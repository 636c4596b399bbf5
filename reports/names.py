"""Names of data as they read inside a sentence: studies, outcomes, arms, runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.numbers import plain, words

if TYPE_CHECKING:
    from analysis.disclosure import Release

_SHORT_RUN = 8  # letters


def study_title(release: Release) -> str:
    """The title as a noun phrase: a name of code becomes words."""
    title = plain(release.title)
    return words(title).replace("-", " ").capitalize() if title == release.study else title


def outcome_words(release: Release) -> str:
    """The outcome as it reads inside a sentence."""
    words_ = scale_words(release)
    return f"leaving or scoring high on {words_}" if is_composite(release) else words_


def scale_words(release: Release) -> str:
    """What was measured, as it reads inside a sentence."""
    return lower_first(plain(release.outcome))


def is_composite(release: Release) -> bool:
    """Whether who left and who scored high are counted together."""
    return release.outcome_kind == "scale" and release.headline.unit == "share"


def arm_words(name: str) -> str:
    """The name of an arm inside a sentence."""
    return words(name)


def short_run(run: str) -> str:
    """The first letters of the id of a run, as printed in sentences and lists."""
    return run[:_SHORT_RUN]


def lower_first(text: str) -> str:
    """The text with a small first letter, unless its first word is an abbreviation."""
    text = plain(text)
    first = text.split(" ", 1)[0]
    return text if any(c.isupper() for c in first[1:]) else text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    """The text with a large first letter; the others stay as they are."""
    return text[:1].upper() + text[1:]
