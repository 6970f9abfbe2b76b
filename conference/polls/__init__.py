"""Polls: ballots while open, a tally, a frozen result per run."""
