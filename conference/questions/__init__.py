"""Questions from the audience, and hands in order."""
