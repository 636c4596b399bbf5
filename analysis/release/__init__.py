"""What may be shown beside all that was shown before: memory, linked tables, their audit."""
