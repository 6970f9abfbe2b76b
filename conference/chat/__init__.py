"""The chat of a session: kept messages, hidden and muted by the moderation."""
