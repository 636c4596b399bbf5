"""What other packages print for `mpdta`: writes `tests/reference/mpdta_peers.csv`.

`PYTHONHASHSEED=0 .venv-peers/bin/python tests/benchmarks/effects/mpdta.py FOLDER`, FOLDER holding
`mpdta.csv`; the environment is made by `make bench`. The calls are those of the benchmark: people
not treated yet as controls, varying base, analytic standard errors.
"""

from __future__ import annotations

import os
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from peers import PEERS

TARGET = Path(__file__).resolve().parents[2] / "reference" / "mpdta_peers.csv"
TASKS = ("twfe", "cs", "dr")


def frame(folder: Path) -> pd.DataFrame:
    """The panel with the names of the benchmark; the covariate is log population."""
    found = pd.read_csv(folder / "mpdta.csv").sort_values(["countyreal", "year"])
    panel = found.rename(
        columns={"countyreal": "person_no", "year": "month", "lemp": "value", "lpop": "x1"}
    )
    panel["start"] = panel["first_treat"].astype(int)
    ever = panel["start"] > 0
    panel["treated"] = (ever & (panel["month"] >= panel["start"])).astype(int)
    return panel[["person_no", "month", "value", "start", "treated", "x1"]].reset_index(drop=True)


def main(folder: Path) -> None:
    if os.environ.get("PYTHONHASHSEED") != "0":
        raise SystemExit("pyfixest's clustered standard errors change with it: PYTHONHASHSEED=0")
    warnings.simplefilter("ignore")
    panel = frame(folder)
    rows = []
    for task in TASKS:
        for name, fit in PEERS[task].items():
            extra = {"covariates": ["x1"]} if task == "dr" else {}
            figures = fit(panel.copy(), **extra)
            rows += [(task, name, version(name), key, b, se) for key, (b, se) in figures.items()]
    columns = ["task", "package", "version", "figure", "estimate", "std_error"]
    pd.DataFrame(rows, columns=columns).to_csv(TARGET, index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
