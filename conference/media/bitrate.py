"""How much a publisher may send: a loss-based estimate told by REMB (draft-alvestrand-rmcat-remb).

It grows while little is lost and falls with loss, as in draft-ietf-rmcat-gcc section 6; it never runs far ahead of what
really comes, nor below what a picture needs.
"""

from __future__ import annotations

CEILING = 2_500_000
FLOOR = 150_000
START = 1_200_000
HEADROOM = 600_000


class BitrateEstimate:
    """Bits per second for one publisher, all streams together."""

    def __init__(self, ceiling: int = CEILING) -> None:
        self.ceiling = ceiling
        self.target = min(START, ceiling)

    def update(self, received: int, fraction: int) -> int:
        """Once a second: `received` bits in the last second, `fraction` of 256 packets lost. Returns the new target."""
        loss = fraction / 256
        if loss > 0.1:
            self.target = int(self.target * (1 - loss / 2))
        elif loss < 0.02:
            self.target = max(self.target, min(int(self.target * 1.15), 2 * received + HEADROOM))
        self.target = max(min(self.target, self.ceiling), FLOOR)
        return self.target
