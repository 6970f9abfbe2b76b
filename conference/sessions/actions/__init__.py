"""Verbs on sessions: the agenda, the stage, presence."""
