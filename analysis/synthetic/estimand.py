"""One planted truth as a row, and how far usual estimates of it scatter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.synthetic.company import Company

# SD of the usual estimator over draws of the default company of 5,000 heads, a rough guide
_SD = {
    ("SALES-LOT", "revenue_per_call.itt.while_employed", "1-6", ""): 1.55,
    ("SALES-LOT", "revenue_per_call.late.while_employed", "1-6", ""): 2.45,
    ("SALES-LOT", "revenue_per_call.itt.while_employed", "1-6", "tenure < 12"): 2.12,
    ("SALES-LOT", "revenue_per_call.itt.while_employed", "1-6", "tenure >= 12"): 2.04,
    ("SALES-LOT", "voluntary_exit.itt", "90 d", ""): 1.2,
    ("SALES-LOT", "voluntary_exit.itt", "180 d", ""): 1.6,
    ("SALES-LOT", "voluntary_exit.itt", "365 d", ""): 2.0,
    ("SALES-LOT", "rating.itt.if_all_stayed", "2024-12", ""): 0.064,
    ("SALES-LOT", "tis6.itt.if_all_answered", "5-10", ""): 0.048,
    ("SALES-LOT", "intention.via_congruence.latent", "5-10", ""): 0.026,
    ("SALES-LOT", "intention.via_knowledge.latent", "5-10", ""): 0.009,
    ("SALES-LOT", "intention.direct.latent", "5-10", ""): 0.046,
    ("CARE-OPTIN", "resolved_per_hour.att.while_employed", "4-12", ""): 0.78,
    ("CARE-OPTIN", "voluntary_exit.att", "90 d", ""): 0.88,
    ("CARE-OPTIN", "voluntary_exit.att", "180 d", ""): 1.2,
    ("CARE-OPTIN", "voluntary_exit.att", "365 d", ""): 1.6,
    ("CARE-OPTIN", "voluntary_exit.hazard_factor", "1-12", ""): 0.11,
    ("OPS-ROLL", "orders_per_hour.att.always_survivors", "simple", ""): 1.17,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimand:
    """One planted truth; ``estimand`` is ``outcome.contrast.rule of who counts``."""

    scenario: str
    seed: int
    n: int
    programme: str
    estimand: str
    arm_contrast: str
    population: str
    window: str
    unit: str
    subgroup: str
    value_expected: float
    value_realised: float
    method: str
    n_units: int
    prototype_sd: float | None


def row(
    company: Company, programme: str, estimand: str, values: tuple[float, float], *,
    population: str, window: str, unit: str, n_units: int, method: str = "integrated",
    arm_contrast: str = "offered against not", subgroup: str = "",
) -> Estimand:  # fmt: skip
    """A truth of the company; ``values`` are expected and realised."""
    usual = company.size == 5_000 and company.scenario.name == "default"
    headline = not (
        programme == "SALES-LOT"
        and population == "applicants in sales"
        and estimand == "voluntary_exit.itt"
    )
    spread = _SD.get((programme, estimand, window, subgroup)) if usual and headline else None
    return Estimand(
        scenario=company.scenario.name, seed=company.streams.seed, n=company.size,
        programme=programme, estimand=estimand, arm_contrast=arm_contrast, population=population,
        window=window, unit=unit, subgroup=subgroup, value_expected=float(values[0]),
        value_realised=float(values[1]), method=method, n_units=n_units, prototype_sd=spread,
    )  # fmt: skip
