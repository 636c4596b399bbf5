"""The peers' side of each task, in an environment of their own: a frame in memory, the fit alone.

`python peers.py FOLDER TASK PEER WARM` reads the frame, fits the small panel in the folder WARM
once (compilers run then), and waits for lines on standard input (`serve.py`). Of several ways that
a package offers the fastest was taken. Conventions are ours where a package offers them: people
not treated yet as controls, varying base, no bootstrap, clustered by person.
"""

from __future__ import annotations

import sys
import warnings
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import exit_peers
import numpy as np
import pandas as pd
from serve import serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from serve import Figures

    Fit = Callable[[pd.DataFrame], Figures]

NAN = float("nan")
TWFE = "value ~ treated | person_no + month"
EVENTS = "value ~ i(since, ref=-1) | person_no + month"
KINDS = {"simple": "simple", "group": "group", "dynamic": "event", "calendar": "calendar"}


def panel(folder: Path) -> pd.DataFrame:
    people = pd.read_parquet(folder / "people.parquet")
    frame = pd.read_parquet(folder / "panel.parquet")
    months = len(frame) // len(people)
    for name in ("start", "x1", "x2"):
        frame[name] = np.repeat(people[name].to_numpy(), months)
    ever = frame["start"] > 0
    frame["treated"] = (ever & (frame["month"] >= frame["start"])).astype("int32")
    frame["since"] = np.where(ever, frame["month"] - frame["start"], -1).astype("int32")
    return frame


def people(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "people.parquet")


def pyfixest_twfe(frame: pd.DataFrame) -> Figures:
    import pyfixest

    fit = pyfixest.feols(TWFE, frame, vcov={"CRV1": "person_no"})
    return {"treated": (fit.coef().iloc[0], fit.se().iloc[0])}


def statspai_twfe(frame: pd.DataFrame) -> Figures:
    import statspai

    fit = statspai.feols(TWFE, frame, vcov={"CRV1": "person_no"})
    return {"treated": (fit.params.iloc[0], fit.std_errors.iloc[0])}


def linearmodels_twfe(frame: pd.DataFrame) -> Figures:
    from linearmodels import PanelOLS

    data = frame.set_index(["person_no", "month"])
    model = PanelOLS(data["value"], data[["treated"]], entity_effects=True, time_effects=True)
    fit = model.fit(
        cov_type="clustered",
        cluster_entity=True,
        group_debias=True,
        auto_df=False,
        count_effects=False,
    )
    return {"treated": (fit.params.iloc[0], fit.std_errors.iloc[0])}


def labelled(estimates: pd.Series, errors: pd.Series) -> Figures:
    pairs = zip(estimates.index, estimates, errors, strict=True)
    return {"event " + name.rpartition("::")[2]: (b, se) for name, b, se in pairs}


def pyfixest_events(frame: pd.DataFrame) -> Figures:
    import pyfixest

    fit = pyfixest.feols(EVENTS, frame, vcov={"CRV1": "person_no"})
    return labelled(fit.coef(), fit.se())


def statspai_events(frame: pd.DataFrame) -> Figures:
    import statspai

    fit = statspai.feols(EVENTS, frame, vcov={"CRV1": "person_no"})
    return labelled(fit.params, fit.std_errors)


def diff_diff(frame: pd.DataFrame, covariates: list[str] | None) -> Figures:
    from diff_diff import CallawaySantAnna

    fit = CallawaySantAnna(control_group="not_yet_treated", cband=False).fit(
        frame,
        outcome="value",
        unit="person_no",
        time="month",
        first_treat="start",
        covariates=covariates,
        aggregate="all",
    )
    found = {
        f"att {g} {t}": (one["effect"], one["se"]) for (g, t), one in fit.group_time_effects.items()
    }
    found["simple overall"] = (fit.overall_att, fit.overall_se)
    for kind, effects in (("event", fit.event_study_effects), ("group", fit.group_effects)):
        found |= {f"{kind} {label}": (one["effect"], one["se"]) for label, one in effects.items()}
    return found


def csdid(frame: pd.DataFrame, covariates: list[str] | None) -> Figures:
    from csdid.att_gt import ATTgt

    formula = f"value ~ {' + '.join(covariates)}" if covariates else None
    names = {"yname": "value", "tname": "month", "idname": "person_no", "gname": "start"}
    fit = ATTgt(**names, data=frame, control_group=["notyettreated"], xformla=formula)
    fit = fit.fit(est_method="dr", base_period="varying", bstrap=False)
    keys = zip(fit.results["group"], fit.results["year"], strict=True)
    pairs = zip(keys, fit.results["att"], fit.results["se"], strict=True)
    found = {f"att {int(g)} {int(t)}": (b, se) for (g, t), b, se in pairs}
    for kind, name in KINDS.items():
        made = fit.aggte(kind, bstrap=False).atte
        labels, effects, errors = (made[k] for k in ("egt", "att_egt", "se_egt"))
        found |= aggregated(
            name, (made["overall_att"], made["overall_se"]), labels, effects, errors
        )
    return found


def moderndid(frame: pd.DataFrame, covariates: list[str] | None) -> Figures:
    import moderndid as md

    fit = md.att_gt(
        frame,
        yname="value",
        tname="month",
        idname="person_no",
        gname="start",
        xformla=f"~ {' + '.join(covariates)}" if covariates else None,
        control_group="notyettreated",
        boot=False,
        cband=False,
    )
    pairs = zip(fit.groups, fit.times, fit.att_gt, fit.se_gt, strict=True)
    found = {f"att {int(g)} {int(t)}": (b, se) for g, t, b, se in pairs}
    for kind, name in KINDS.items():
        made = md.aggte(fit, type=kind, boot=False, cband=False)
        overall = (made.overall_att, made.overall_se)
        labels, effects, errors = made.event_times, made.att_by_event, made.se_by_event
        found |= aggregated(name, overall, labels, effects, errors)
    return found


def statspai_group_time(frame: pd.DataFrame, covariates: list[str] | None) -> Figures:
    import statspai

    fit = statspai.callaway_santanna(
        frame,
        y="value",
        g="start",
        t="month",
        i="person_no",
        x=covariates,
        control_group="notyettreated",
        base_period="varying",
    )
    rows = fit.detail
    keys = zip(rows["group"], rows["time"], strict=True)
    pairs = zip(keys, rows["att"], rows["se"], strict=True)
    found = {f"att {g} {t}": (b, se) for (g, t), b, se in pairs}
    for kind, name in KINDS.items():
        made = statspai.aggte(fit, type=kind, bstrap=False, cband=False)
        label = {"group": "group", "event": "relative_time", "calendar": "time"}.get(name)
        detail = made.detail if label else None
        columns = [detail[c] for c in (label, "att", "se")] if label else [None] * 3
        found |= aggregated(name, (made.estimate, made.se), *columns)
    return found


def aggregated(name: str, overall: tuple[float, float], labels, effects, errors) -> Figures:
    found = {f"{name} overall": overall}
    if labels is not None and name != "simple":
        pairs = zip(labels, effects, errors, strict=True)
        found |= {f"{name} {int(label)}": (b, NAN if se is None else se) for label, b, se in pairs}
    return found


def scikit_learn_logit(frame: pd.DataFrame, solver: str) -> Figures:
    from sklearn.linear_model import LogisticRegression

    names = [name for name in frame if name.startswith("z")]
    fit = LogisticRegression(C=np.inf, max_iter=1000, solver=solver).fit(
        frame[names].to_numpy(dtype=float), frame["joined"].to_numpy()
    )
    return {f"slope {k}": (b, NAN) for k, b in enumerate(fit.coef_[0], start=1)}


GROUP_TIME = {
    "diff-diff": diff_diff,
    "csdid": csdid,
    "moderndid": moderndid,
    "StatsPAI": statspai_group_time,
}
PEERS: dict[str, dict[str, Fit]] = {
    "twfe": {
        "StatsPAI": statspai_twfe,
        "pyfixest": pyfixest_twfe,
        "linearmodels": linearmodels_twfe,
    },
    "events": {"StatsPAI": statspai_events, "pyfixest": pyfixest_events},
    "cs": {name: partial(fit, covariates=None) for name, fit in GROUP_TIME.items()},
    "dr": {name: partial(fit, covariates=["x1", "x2"]) for name, fit in GROUP_TIME.items()},
    "cloglog": {
        "statsmodels": partial(exit_peers.statsmodels_cloglog, method={}),
        "statsmodels newton": partial(exit_peers.statsmodels_cloglog, method={"method": "newton"}),
    },
    "cox": {"lifelines": exit_peers.lifelines_cox},
    "logit": {
        "scikit-learn": partial(scikit_learn_logit, solver="lbfgs"),
        "scikit-learn newton": partial(scikit_learn_logit, solver="newton-cholesky"),
    },
}


def main(folder: Path, task: str, peer: str, warm: Path) -> None:
    warnings.simplefilter("ignore")
    fit = PEERS[task][peer]
    others = {"logit": people, "cloglog": exit_peers.person_months, "cox": exit_peers.changes}
    read = others.get(task, panel)

    def prepare() -> Callable[[], Figures]:
        fit(read(warm))
        return partial(fit, read(folder))

    serve(prepare, {"version": version(peer.split()[0])})


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:4], Path(sys.argv[4]))
