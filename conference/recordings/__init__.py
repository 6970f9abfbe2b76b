"""Recordings and their publication: the room is here, not yet furnished."""
