"""Who has the word: decided from who is heard, slowly enough to be followed by the eye."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

Feed = tuple[str, str, str]
"""Session, person, source."""

ENOUGH = timedelta(seconds=1.5)
"""So long somebody speaks before he has the word: a cough or a *yes* takes it from nobody."""
PACE = timedelta(seconds=2)
"""Between two changes in one session."""


class Floor:
    """Remembers who speaks since when. Whoever has the word keeps it while nobody else takes it, silent or not."""

    def __init__(self) -> None:
        self._since: dict[Feed, datetime] = {}
        self._said: dict[str, tuple[Feed | None, datetime]] = {}
        self._tried: dict[str, tuple[Feed, datetime]] = {}

    def hear(self, feed: Feed, speaking: bool, now: datetime) -> None:
        """Somebody begins to speak, or stops."""
        if speaking:
            self._since.setdefault(feed, now)
        else:
            self._since.pop(feed, None)

    def forget(self, feed: Feed) -> None:
        """A feed is gone."""
        self._since.pop(feed, None)

    def said(self, session: str, feed: Feed | None, at: datetime) -> None:
        """All have been told that somebody (None: nobody) has the word."""
        self._said[session] = feed, at

    def changed(self, session: str) -> None:
        """Something happened in the session: whoever could not be given the word may get it now."""
        self._tried.pop(session, None)

    def due(self, session: str, on_stage: Collection[Feed], now: datetime) -> Feed | None:
        """Who is to be given the word now: of those who speak long enough, the one who began last. Told once."""
        holder, at = self._said.get(session, (None, None))
        speaking = [(self._since[feed], feed) for feed in on_stage if now - self._since.get(feed, now) >= ENOUGH]
        if not speaking or (at is not None and now - at < PACE):
            return None
        since, feed = max(speaking)
        if feed == holder or self._tried.get(session) == (feed, since):
            return None
        self._tried[session] = feed, since
        return feed
