"""Old and binary workbooks are opened in a process of their own first, which may die of them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from pipelines.sources.table import unusable

if TYPE_CHECKING:
    from pathlib import Path

MAX_MEMORY_BYTES = 2 * 1024**3
SECONDS = 600
_REFUSED = 3  # calamine says why; the caller asks it again
# A file can claim a range that no memory holds, or break the parser: that ends the process.
_CODE = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({MAX_MEMORY_BYTES}, {MAX_MEMORY_BYTES}))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
from python_calamine import CalamineError, CalamineWorkbook
try:
    with CalamineWorkbook.from_path(sys.argv[1]) as book:
        for name in book.sheet_names:
            book.get_sheet_by_name(name)
except CalamineError:
    sys.exit({_REFUSED})
"""


def check_opens(path: Path) -> None:
    """Raise :class:`UserError` when a process that opens the workbook does not survive it."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _CODE, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
        code = done.returncode
    except subprocess.TimeoutExpired:
        code = -1
    if code not in {0, _REFUSED}:
        fix = "Save it again as .xlsx, or export it as CSV."
        raise unusable(path.name, "the workbook is damaged, or too large to be read", fix)
