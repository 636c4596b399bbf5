"""Who benefits: pre-declared subgroups, quantiles of the outcome, eagerness to join."""
