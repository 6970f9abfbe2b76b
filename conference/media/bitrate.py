"""How much a publisher may send, told by REMB (draft-alvestrand-rmcat-remb).

The estimate grows while little is lost and falls with loss, as in draft-ietf-rmcat-gcc section 6. A queue that stands
in the publisher's uplink for a whole second is a reason to fall, too: its picture would be seconds late before anything
is lost.
"""

from __future__ import annotations

from collections import deque

CEILING = 2_500_000
FLOOR = 150_000
START = 1_200_000
GROWTH = 1.08
STANDING = 0.15
WINDOWS = 30
_UNITS = 262144  # abs-send-time counts in 1/2^18 s
_MASK = 0xFFFFFF


class StandingQueue:
    """How long packets wait on their way at least, beyond the shortest way seen in the last half minute.

    The clocks of both ends need not agree: only the difference to the smallest transit time counts.
    """

    def __init__(self) -> None:
        self._reference: int | None = None
        self._least: int | None = None
        self._floors: deque[int] = deque(maxlen=WINDOWS)

    def hear(self, sent: int, now: float) -> None:
        """Take a packet's abs-send-time (24 bits) and its arrival (seconds)."""
        transit = int(now * _UNITS) - sent & _MASK
        if self._reference is None:
            self._reference = transit
        relative = (transit - self._reference + 0x800000 & _MASK) - 0x800000
        if self._least is None or relative < self._least:
            self._least = relative

    def standing(self) -> float:
        """Seconds that every packet since the last call has waited; 0 where none came."""
        if self._least is None:
            return 0.0
        self._floors.append(self._least)
        waited = (self._least - min(self._floors)) / _UNITS
        self._least = None
        return waited


class BitrateEstimate:
    """Bits per second for one publisher, all streams together."""

    def __init__(self, ceiling: int = CEILING, start: int = START) -> None:
        self.ceiling = ceiling
        self.target = min(start, ceiling)

    def update(self, received: int, fraction: int, standing: float = 0.0) -> int:
        """Once a second; returns the new target.

        Args:
            received: bits that came in the last second.
            fraction: 1/256 of the packets that were lost.
            standing: see `StandingQueue.standing`.
        """
        loss = fraction / 256
        if standing > STANDING:
            self.target = min(self.target, int(received * 0.85))
        elif loss > 0.1:
            self.target = int(self.target * (1 - loss / 2))
        elif loss < 0.02:
            self.target = int(self.target * GROWTH)
        self.target = max(min(self.target, self.ceiling), FLOOR)
        return self.target
