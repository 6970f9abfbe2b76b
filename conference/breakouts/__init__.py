"""Working groups: the room is here, not yet furnished."""
