"""The memory of what was shown: which people each answer of each run rests on, and the answer.

`store.py` is how it lies on disk, `recall.py` what it says to a run, `showing.py` what a run shows
beside it and writes down, `forget.py` takes erased people out of it. What may be shown is decided
in `analysis/release/renewal.py`.
"""
