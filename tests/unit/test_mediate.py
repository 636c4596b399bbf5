"""A study's mediation: who enters and when they answered, what is named, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import SpecError
from analysis.estimate import Estimate, NotEstimable
from analysis.mediation import mediate
from analysis.mediation_people import CROSS_SECTIONAL, FUNCTIONS_TOGETHER, TOO_EARLY
from analysis.mediation_results import ASSOCIATED

VC, OK = "perceived_fit.value_congruence", "socialisation"
SCALE = {"metric": "tis6", "kind": "scale", "unit": "points", "higher_is": "worse"}


@pytest.fixture
def make(make_spec):
    """A study of an intention in months 7 to 12, with mediators answered in months 1 to 6."""

    def build(**mediation):
        asked = {"mediators": [VC], "measured": [1, 6], **mediation}
        keys = {key: asked.pop(key) for key in ("outcome", "design") if key in asked}
        return make_spec(
            **{"outcome": SCALE, **keys},
            mediation=asked,
            follow_up={"months": 12, "primary": [7, 12]},
        )

    return build


def people(n=200, seed=0):
    """Mentoring raises congruence by .5, which lowers the intention; knowledge does nothing."""
    rng = np.random.default_rng(seed)
    t = np.arange(n) % 2
    v, k = 4 + 0.5 * t + rng.normal(size=n), 3 + rng.normal(size=n)
    return pd.DataFrame(
        {
            "person": np.arange(n),
            "arm": np.where(t, "mentored", "control"),
            "time_zero": pd.Timestamp("2024-01-01"),
            f"mediator: {VC}": v,
            f"mediator: {OK}": k,
            "mediator_wave": "spring",
            "mediator_on": pd.Timestamp("2024-05-02"),
            "outcome": 3 - 0.4 * v + rng.normal(size=n),
            "outcome_wave": "autumn",
            "outcome_on": pd.Timestamp("2024-11-02"),
            "site_index": 1.0,
        }
    )


def named(found):
    return {r.target.name: r for r in found if "BCa" not in r.target.estimator}


def test_one_mediator(make):
    found, notes = mediate(people(), make())
    by_name = named(found)
    assert list(by_name) == [
        f"mediation.acme.{VC}", "mediation.ade", "mediation.total", "mediation.proportion",
    ]  # fmt: skip
    acme = by_name[f"mediation.acme.{VC}"]
    assert acme.ci_low < -0.2 < acme.ci_high < 0
    assert {r.target.role for r in found} == {"secondary"}
    assert (acme.n_treated, acme.n_comparison, acme.n_rows) == (100, 100, 200)
    assert acme.convention == "bootstrap by person, 2,000 draws, percentile interval"
    assert sum("BCa" in r.target.estimator for r in found) == 1
    rho = next(n for n in notes if n.name == "mediation_rho")
    assert rho.value < -0.2 and rho.reveals_effect and rho.status == "note"


def test_the_same_study_gives_the_same_figures_and_another_seed_others(make, make_spec):
    once, again = (mediate(people(), make())[0] for _ in range(2))
    assert once == again
    other = mediate(people(), make().model_copy(update={"title": "another"}))[0]
    assert other[0].estimate == once[0].estimate
    assert other[0].std_error != once[0].std_error


def test_several_mediators_say_what_one_of_them_can_mean(make):
    found, _ = mediate(people(), make(mediators=[VC, OK]))
    by_name = named(found)
    assert "together" in by_name["mediation.acme"].target.estimand
    assert "interventional" in by_name[f"mediation.acme.{OK}"].target.estimand
    serial, _ = mediate(people(), make(mediators=[VC, OK], order="serial"))
    way = named(serial)[f"mediation.acme.{VC}>{OK}"]
    assert "path-specific" in way.target.estimand


def test_a_moderator_is_one_of_everybody(make):
    table = people()
    table["moderator"] = np.arange(200) // 2 % 5 + 1.0
    found, _ = mediate(table, make(moderator="structure", at=[1, 5]))
    by_name = named(found)
    assert by_name[f"mediation.index.{VC}"].target.unit == "points a unit of structure"
    at = [r.target.estimator for r in found if "at structure" in r.target.estimator]
    assert len(at) == 4 and "at structure 1" in at[0]
    table["moderator"] += 0.123456
    found, _ = mediate(table, make(moderator="structure"))
    at = {r.target.estimator.split(", ")[1] for r in found if "at structure" in r.target.estimator}
    assert at == {"at structure 1.1", "at structure 3.1", "at structure 5.1"}  # nobody's own value
    table.loc[table["arm"] == "control", "moderator"] = np.nan
    (none,), _ = mediate(table, make(moderator="structure"))
    assert isinstance(none, NotEstimable) and "not known in every arm" in none.reason
    nobody, _ = mediate(table.assign(outcome=np.nan), make(moderator="structure"))
    assert [type(r) for r in nobody] == [NotEstimable]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mediator_wave": "autumn"}, CROSS_SECTIONAL),
        ({"mediator_on": pd.Timestamp("2024-11-02")}, CROSS_SECTIONAL),
        ({"mediator_on": pd.Timestamp("2024-01-01")}, TOO_EARLY),
        ({"outcome": np.nan}, "nobody answered both"),
        ({f"mediator: {VC}": 4.0}, "same score"),
    ],
)
def test_what_cannot_show_mediation_gets_a_sentence_and_no_number(make, change, words):
    (none,), _ = mediate(people().assign(**change), make())
    assert isinstance(none, NotEstimable)
    assert words in none.reason


def test_who_is_left_out_is_counted(make):
    table = people()
    table.loc[:19, "mediator_wave"] = "autumn"
    table.loc[20:49, "outcome"] = np.nan
    found, notes = mediate(table, make())
    assert found[0].n_rows == 150
    shares = {n.name: [(s.people, s.of) for s in n.shares] for n in notes if n.shares}
    assert shares["mediation_answered"] == [(75, 100), (75, 100)]
    assert shares["mediation_same_wave"] == [(20, 200)]


def test_too_few_people_give_a_reason(make):
    (none,), _ = mediate(people(18), make())
    assert "fewer than 10 people" in none.reason


def test_clusters_are_resampled(make):
    table = people().assign(cluster=np.arange(200) // 4)
    found, _ = mediate(table, make())
    assert found[0].convention.startswith("bootstrap by cluster")
    assert found[0].df == 49


def test_gaps_of_covariates_follow_the_study(make):
    table = people().assign(before=np.where(np.arange(200) % 10 < 2, np.nan, 1.0))
    table["before"] *= np.random.default_rng(1).normal(size=200)
    found, _ = mediate(table, make(), ("before",))
    assert found[0].n_rows == 200
    dropped, _ = mediate(
        table, make().model_copy(update={"missing_covariates": "drop"}), ("before",)
    )
    assert dropped[0].n_rows == 160


FUNCTIONS = {
    "functions": ["mfq9.career", "mfq9.psychosocial"],
    "functions_measured": [1, 3],
    "measured": [4, 6],
}


def test_functions_of_mentees_are_associations(make):
    rng = np.random.default_rng(6)
    table = people().assign(
        **{f"function: {name}": 3 + rng.normal(size=200) for name in FUNCTIONS["functions"]},
        function_wave="winter",
        function_on=pd.Timestamp("2024-02-02"),
    )
    found, _ = mediate(table, make(**FUNCTIONS))
    career = next(r for r in found if r.target.name == f"mediation.mfq9.career.acme.{VC}")
    assert isinstance(career, Estimate)
    assert career.target.role == "association" and ASSOCIATED in career.target.estimand
    assert career.target.unit == "points a point"
    assert career.n_rows == 100  # mentees alone
    together, _ = mediate(table.assign(function_wave="spring"), make(**FUNCTIONS))
    last = together[-1]
    assert isinstance(last, NotEstimable) and last.reason == FUNCTIONS_TOGETHER


@pytest.mark.parametrize(
    ("mediation", "words"),
    [
        ({"mediators": ["mfq9.career"]}, "mentored people alone"),
        ({"mediators": ["tis6"]}, "is the outcome"),
        ({"measured": [0, 5]}, "at or before assignment"),
        ({"measured": [13, 14]}, "after the outcome"),
        ({"order": "serial"}, "two to 3"),
        ({"mediators": [VC, VC]}, "each scale once"),
        ({"at": [1]}, "belong to a `moderator`"),
        ({"moderator": "structure", "interaction": True}, "choose one"),
        ({"functions": ["mfq9"]}, "written together"),
        ({"outcome": {"metric": "sales"}}, "mediators are survey scales"),
        ({"design": "rollout"}, "not answered"),
    ],
)
def test_what_a_study_may_not_ask(make, mediation, words):
    with pytest.raises(SpecError, match=words):
        make(**mediation)


def test_an_old_study_keeps_its_hash(make_spec):
    spec = make_spec()
    assert spec.mediation is None
    assert "mediation" not in spec.model_dump(exclude_defaults=True)
    assert mediate(people(), spec) == ((), ())


def test_a_share_is_shown_of_a_total_that_is_surely_there(make):
    """Half of an effect of -.4 goes through congruence; of no effect there is no share."""
    table = people(2_000)
    table["outcome"] -= 0.2 * (table["arm"] == "mentored")
    share = named(mediate(table, make())[0])["mediation.proportion"]
    assert share.target.unit == "%"
    assert share.ci_low < 50 < share.ci_high and share.p_value is None
    table["outcome"] += 0.4 * (table["arm"] == "mentored")  # now the two cancel
    none = named(mediate(table, make())[0])["mediation.proportion"]
    assert isinstance(none, NotEstimable) and "may be 0" in none.reason
    table["outcome"] += 0.4 * (table["arm"] == "mentored")
    none = named(mediate(table, make())[0])["mediation.proportion"]
    assert isinstance(none, NotEstimable) and "opposite signs" in none.reason
