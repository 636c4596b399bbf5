"""Which causes of a failure are tried again."""

from __future__ import annotations

import errno

import pytest


def test_outside_causes_are_retried_and_wrong_input_is_not() -> None:
    from prefect.states import Failed

    from pipelines.errors import UserError
    from pipelines.flows import _outside_cause

    away, wrong = OSError("the share is away"), UserError("funnel.csv: row 3", "mend it")
    assert _outside_cause(None, None, Failed(data=away))
    assert not _outside_cause(None, None, Failed(data=wrong))


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ENOENT, errno.ETIMEDOUT])
def test_a_share_that_is_away_is_tried_again(number: int) -> None:
    from prefect.states import Failed

    from pipelines.flows import _outside_cause

    assert _outside_cause(None, None, Failed(data=OSError(number, "away")))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT])
def test_what_does_not_mend_itself_is_not_tried_again(number: int) -> None:
    from prefect.states import Failed

    from pipelines.flows import _outside_cause

    assert not _outside_cause(None, None, Failed(data=OSError(number, "full")))
