"""Self-calibration: placebo programmes in a company's own past, where every claim is false."""
