"""Time as a thing that is handed in, so that tests can turn it by hand. Every instant is an aware UTC datetime."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is turned."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def turn(self, seconds: float) -> None:
        """Advance by so many seconds."""
        self._now += timedelta(seconds=seconds)


def iso(instant: datetime | None) -> str | None:
    """An instant as ISO 8601 in UTC with ``Z`` and milliseconds, or None."""
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> datetime:
    """The instant that `iso` wrote. Raises ValueError for anything that carries no offset."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"no offset in {text!r}")
    return instant.astimezone(UTC)
