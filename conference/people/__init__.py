"""Who is invited: people and their personal links."""
