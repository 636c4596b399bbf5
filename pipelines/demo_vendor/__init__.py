"""The demo company as seven systems would deliver it, with planted defects and their manifest.

`canonical` is the clean company, `plan` draws what is planted, one module a delivery writes it,
`manifest`, `losses` and `expected` say what a loader must make of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.demo_vendor import (
    glint,
    mentorloop,
    qualtrics,
    ratings,
    successfactors,
    warehouse,
    workday,
)  # fmt: skip
from pipelines.demo_vendor.canonical import load_canonical
from pipelines.demo_vendor.expected import expected
from pipelines.demo_vendor.losses import losses
from pipelines.demo_vendor.manifest import Manifest, write_losses
from pipelines.demo_vendor.plan import plan_all

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.synthetic.streams import Streams

SMALLEST = 500  # a smaller company has one site a department, and no acquired entity

__all__ = ["SMALLEST", "write_vendor"]


def write_vendor(
    canonical: Path, data: Path, beside: Path, applications: pa.Table, streams: Streams, size: int,
    *, planted: bool,
) -> Manifest:  # fmt: skip
    """Write the deliveries into ``data``; the manifest, losses and expected marts ``beside``."""
    canon, plan = plan_all(load_canonical(canonical, streams, size, applications), planted=planted)
    manifest = Manifest()
    workday.write(canon, plan.workday, data, manifest)
    successfactors.write(canon, plan.successfactors, data, manifest)
    glint.write(canon, plan.glint, data, manifest)
    qualtrics.write(canon, plan.qualtrics, data, manifest)
    mentorloop.write(canon, plan.mentorloop, data, manifest)
    ratings.write(canon, plan.ratings, data, manifest)
    warehouse.write(canon, plan.warehouse, data, manifest)
    manifest.write(beside)
    write_losses(beside, losses(canon, plan))
    for name, rows in expected(canon, plan).items():
        pq.write_table(pa.Table.from_pylist(rows), beside / f"expected_{name}.parquet")
    return manifest
