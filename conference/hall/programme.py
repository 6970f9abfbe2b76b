"""Which feed of a programme shall be on air: the other one takes over when the one that is seen stands or is lost."""

from __future__ import annotations

from datetime import datetime, timedelta

FeedKey = tuple[str, str, str]
"""Session, person, main or backup feed."""

PATIENCE = timedelta(seconds=3)
"""So long a feed that begins, or was never there, is waited for while the other one moves."""


class ProgrammeWatch:
    """Remembers which feeds move, and when the others failed."""

    def __init__(self) -> None:
        self._moving: dict[FeedKey, datetime] = {}
        self._failed: dict[FeedKey, datetime] = {}

    def opened(self, feed: FeedKey, now: datetime) -> None:
        """Another connection brings the feed from now on."""
        self._moving.pop(feed, None)
        self._failed[feed] = now + PATIENCE

    def moves(self, feed: FeedKey, now: datetime) -> None:
        """The picture moves."""
        self._moving.setdefault(feed, now)
        self._failed.pop(feed, None)

    def stands(self, feed: FeedKey, now: datetime) -> None:
        """The picture stands, as the engine says after 3 s, or the connection is closed."""
        self._moving.pop(feed, None)
        self._failed[feed] = now

    def forget(self, feed: FeedKey) -> None:
        """The feed is none any more."""
        self._moving.pop(feed, None)
        self._failed.pop(feed, None)

    def is_moving(self, feed: FeedKey) -> bool:
        """Whether the picture moves."""
        return feed in self._moving

    def gives_way(self, on_air: FeedKey, other: FeedKey, now: datetime) -> bool:
        """Whether the feed on air has failed while the other one moves.

        At once where the other one moved all the while; where it came later, the feed on air may come back first.
        """
        began = self._moving.get(other)
        if began is None or on_air in self._moving:
            return False
        failed = self._failed.get(on_air)
        if failed is None or failed <= began:
            return now >= began + PATIENCE
        return now >= failed
