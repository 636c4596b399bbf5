"""Time to exit: careers in days, months of follow-up, sequential target trials."""
