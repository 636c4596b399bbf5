"""Plain values in one spelling, and the hash of it: equal values have equal hashes."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(value: Any) -> str:
    """JSON with sorted keys, text as it is."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def sha256_of(value: Any) -> str:
    """SHA-256 of the canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
