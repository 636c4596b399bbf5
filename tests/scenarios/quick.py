"""Time saved in a draw without moving a figure that is kept: shared noise, no secondary figures."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from analysis.benefits.answer import WhoBenefits
from analysis.synthetic.streams import Streams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.synthetic.streams import Floats

_NOT_ASKED = "not asked for here"


class Remembered(Streams):
    """Streams made once: scenarios of one seed share their noise."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._known: dict[tuple[str, int, int, int], Floats] = {}

    def rows(self, name: str, first: int, count: int, width: int) -> Floats:
        """As those of Streams; not to be written to."""
        key = (name, first, count, width)
        if key not in self._known:
            self._known[key] = super().rows(*key)
            self._known[key].flags.writeable = False
        return self._known[key]


@contextmanager
def shared_noise(seed: int) -> Iterator[None]:
    """Companies of this seed drawn within share their streams."""
    streams = Remembered(seed)

    def same(asked: int) -> Streams:
        return streams if asked == seed else Streams(asked)

    with patch("analysis.synthetic.company.Streams", same):
        yield


def _refused(*_: Any, **__: Any) -> Any:
    raise ValueError(_NOT_ASKED)


@contextmanager
def headline_only() -> Iterator[None]:
    """Without curves, imputation and other slow figures beside the headline.

    No gate is among them; a test holds what is kept of a draw equal with and without.
    """
    left_out = {
        "analysis.exits.results.curves_of": lambda *_: (),
        "analysis.exits.setting.Fitter.standardised": lambda *_: _NOT_ASKED,
        "analysis.exits.setting.landmark": lambda *_: None,
        "analysis.roll_out_companions.imputation": _refused,
        "analysis.roll_out.drift_notes": lambda *_: (),
        "pipelines.studies.who_benefits": lambda *_: WhoBenefits(),
    }
    with ExitStack() as stack:
        for name, without in left_out.items():
            stack.enter_context(patch(name, without))
        yield
