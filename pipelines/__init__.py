"""The shell around the core: files, databases, clocks, schedules.

DuckDB writes blocks as they lie in memory, gaps included, and what lay there before: identifiers
that were read a moment ago, for one. So its allocator (jemalloc, in the wheels for Linux) is told
to clear what it hands out. It asks the environment once, when the library is loaded, which is why
this stands before anything else.
"""

import os

_ASKED = "DUCKDB_JE_MALLOC_CONF"
_CLEARED = "zero:true"

if _CLEARED not in os.environ.get(_ASKED, ""):
    os.environ[_ASKED] = ",".join(filter(None, (os.environ.get(_ASKED), _CLEARED)))
