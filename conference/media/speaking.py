"""Who speaks, from the audio levels that publishers put into their packets (RFC 6464)."""

from __future__ import annotations

START, STOP = 50.0, 58.0
SMOOTHING = 0.08
MIN_INTERVAL = 0.5
HOLD = 0.8


class Speaking:
    """Levels of one feed, smoothed; changes at most twice a second.

    Attributes:
        level: smoothed level in -dBov, 127 is silence.
        speaking: what was last reported.
    """

    def __init__(self) -> None:
        self.level = 127.0
        self.speaking = False
        self._changed_at = float("-inf")
        self._loud_at = float("-inf")

    def hear(self, level: int, now: float) -> None:
        """Take one packet's level."""
        self.level += (level - self.level) * (SMOOTHING if level > self.level else 3 * SMOOTHING)
        if self.level < (STOP if self.speaking else START):
            self._loud_at = now

    def change(self, now: float) -> bool | None:
        """The new state if it is time to report one, else None. Silence counts after a moment only."""
        speaking = now - self._loud_at < HOLD
        if speaking == self.speaking or now - self._changed_at < MIN_INTERVAL:
            return None
        self.speaking, self._changed_at = speaking, now
        return speaking
