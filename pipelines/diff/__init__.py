"""Why a number changed between two runs: the records of either are recombined, and asked again.

A run keeps its landed rows in its warehouse, its studies and what it released in its folder. Both
warehouses are attached, cause after cause is switched from the first run's version to the second's
one, and the study is answered on each of these states.
"""
