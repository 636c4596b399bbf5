"""What the designs share whose planned power is simulated (test_plan_designs)."""

from __future__ import annotations

STUDIES = 20  # planned from one past
PAST = 4_000  # people of the past
POWER, ALLOWED = 0.80, 0.02  # the promise: power within two points of the plan
ON_A_MONTH = (1, 6)
