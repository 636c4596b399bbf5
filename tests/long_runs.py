"""What the normal run leaves out for its time; MENTORLIFT_LONG=1 runs it too."""

from __future__ import annotations

import os

import pytest

LONG = bool(os.environ.get("MENTORLIFT_LONG"))


def draws(normal: int, whole: int) -> int:
    """Draws of a simulation: MENTORLIFT_DRAWS, else ``normal``, or ``whole`` in a long run.

    Tolerances follow from the number: binomial bounds at it, or standard errors of its mean.
    """
    return int(os.environ.get("MENTORLIFT_DRAWS", whole if LONG else normal))


def long(takes: str) -> pytest.MarkDecorator:
    """Skip a test unless it is asked for; ``takes`` says what it costs or needs."""
    return pytest.mark.skipif(not LONG, reason=f"{takes}: set MENTORLIFT_LONG=1")
