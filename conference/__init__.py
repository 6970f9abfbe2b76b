"""A hybrid conference on one machine: links, stage, polls, attendance, feedback."""
