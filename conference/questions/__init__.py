"""Questions, chat, hands: the room is here, not yet furnished."""
