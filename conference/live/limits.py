"""How fast one connection may ask."""

from __future__ import annotations

import time

RATE = 20.0
"""Commands a second, in the long run."""
BURST = 40.0


class TokenBucket:
    """Allows `BURST` at once and `RATE` a second after that."""

    def __init__(self) -> None:
        self._tokens = BURST
        self._at = time.monotonic()

    def take(self) -> bool:
        """Whether one more is allowed now."""
        now = time.monotonic()
        self._tokens = min(BURST, self._tokens + (now - self._at) * RATE)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
