"""Who speaks, from the audio levels that publishers put into their packets (RFC 6464)."""

from __future__ import annotations

START, STOP = 50.0, 58.0
SMOOTHING = 0.08
SOUND = 60
MIN_INTERVAL = 0.5
HOLD = 0.8


class Speaking:
    """Levels of one feed, smoothed; changes at most twice a second.

    Attributes:
        level: smoothed level in -dBov, 127 is silence.
        speaking: what was last reported.
        heard_at: when a level last came (monotonic seconds), 0 for never.
        sound_at: when it was last louder than -60 dBov, 0 for never.
        spoke_at: when it was last as loud as speech, 0 for never.
    """

    def __init__(self) -> None:
        self.level = 127.0
        self.speaking = False
        self.heard_at = self.sound_at = self.spoke_at = 0.0
        self._changed_at = float("-inf")
        self._loud_at = float("-inf")

    def hear(self, level: int, now: float) -> None:
        """Take one packet's level."""
        self.level += (level - self.level) * (SMOOTHING if level > self.level else 3 * SMOOTHING)
        self.heard_at = now
        if level < SOUND:
            self.sound_at = now
        if self.level < (STOP if self.speaking else START):
            self._loud_at = self.spoke_at = now

    def change(self, now: float) -> bool | None:
        """The new state if it is time to report one, else None. Silence counts after a moment only."""
        speaking = now - self._loud_at < HOLD
        if speaking == self.speaking or now - self._changed_at < MIN_INTERVAL:
            return None
        self.speaking, self._changed_at = speaking, now
        return speaking
