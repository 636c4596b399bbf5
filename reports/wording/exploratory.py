"""The words of an answer to a question that is not the one registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.names import lower_first

if TYPE_CHECKING:
    from analysis.disclosure import Release
    from reports.previous import Earlier
    from reports.wording.answers import Answer

_IN = "In an exploratory analysis, "


def is_marked(study: Release | Earlier) -> bool:
    """Whether its claim has to say so; of a withheld study nothing is claimed."""
    return study.exploratory and study.grade != "Withheld"


def graded(release: Release | Earlier) -> str:
    """The grade, marked where the question is not the one that was registered."""
    return f"{release.grade}, exploratory" if release.exploratory else release.grade


def words(said: Answer) -> dict[str, str]:
    """The sentences of an answer anew, each saying that the question came after an answer."""
    return {
        "headline": f"{said.headline.rstrip('.')} (exploratory).",
        "sentence": _IN + lower_first(said.sentence),
        "may_say": _IN + lower_first(said.may_say),
    }
