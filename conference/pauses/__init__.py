"""Active pause and breaks: the room is here, not yet furnished."""
