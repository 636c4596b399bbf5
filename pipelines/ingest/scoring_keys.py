"""Lands how the items of surveys are scored."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.instruments import KeyRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.engine import Engine


def store(engine: Engine, rows: Sequence[KeyRow]) -> None:
    """Land the scoring keys."""
    if not rows:
        return
    names = [f.name for f in fields(KeyRow)]
    engine.register("landing_keys", pa.table({n: [getattr(r, n) for r in rows] for n in names}))
    engine.run("insert into landed.scoring_keys by name select * from landing_keys order by all")
    engine.unregister("landing_keys")
