"""Chat: what a message may be. Without a database."""

from __future__ import annotations

from conference.core.errors import ConferenceError

TEXT_LENGTH = 500
WINDOW = 100
"""The newest messages, which pages have."""
PLENARY = ""
"""The room of the session itself; rooms of working groups have their keys. On the wire it is null."""


def checked(text: str) -> str:
    """A message's text: lines as they were written, nothing invisible around. Raises ConferenceError ``chat.text``."""
    text = "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
    if not text or len(text) > TEXT_LENGTH:
        raise ConferenceError("chat.text", f"Eine Nachricht hat 1 bis {TEXT_LENGTH} Zeichen.")
    return text
