"""Stories that need a machine for themselves for a minute."""
