"""How much one peer may send and one person may hold, so that nobody can take the others' share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from conference.media.engine import MediaRefused

RTP_PACKETS, RTP_BITS = 1500.0, 12e6
"""A second and publisher: four times what three layers of 2.5 Mbit/s in all, sound and repairs come to."""
RTCP_PACKETS, RTCP_BITS = 500.0, 2e6
"""A second and peer: nine pictures with heavy loss come to a fifth of it."""
BURST_SECONDS = 2.0
KNOCKS, STRANGE_KNOCKS = 100.0, 2000.0
"""STUN requests a second that are read: of one peer, and of all whose name leads to no peer."""
REPAIRS = 1000
"""Packets that one viewer may have sent again in a second, of all its slots together."""
MAX_HALF_OPEN = 24
"""Resources of one person that were answered and never connected; each is dropped after `HALF_OPEN` seconds."""
MAX_PER_OWNER = 48
"""Resources of one person on one worker: cameras, screens and pictures of a dozen open pages."""
FULL = "media.full"
ASKED, ASKED_BURST = 5.0, 60.0
"""Offers, fragments and sizes that one person may send a second, and at once."""
MAX_REMEMBERED = 1000


class TokenBucket:
    """Allows `rate` a second in the long run, and `burst` at once; what exceeds it is refused, not delayed."""

    __slots__ = ("_at", "_burst", "_rate", "left")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst, self._at = rate, burst, now
        self.left = burst

    def refill(self, now: float) -> float:
        """What may be taken at `now` (monotonic seconds)."""
        if now > self._at:
            self.left = min(self._burst, self.left + (now - self._at) * self._rate)
            self._at = now
        return self.left

    def take(self, amount: float, now: float) -> bool:
        """Take `amount`, or nothing where that is more than is left."""
        if self.refill(now) < amount:
            return False
        self.left -= amount
        return True


class Repairs(TokenBucket):
    """How many packets one viewer may have sent again."""

    def __init__(self, now: float) -> None:
        super().__init__(REPAIRS, REPAIRS, now)

    def grant(self, wanted: int, now: float) -> int:
        """As many of those wanted as are left."""
        granted = min(wanted, int(self.refill(now)))
        self.left -= granted
        return granted


class Intake:
    """How fast one peer may send: packets and bits (ASVS 5.0, 17.2.5).

    Asked before a packet is decrypted, charged once it proved to be the peer's own: what others send in its name does
    not use up its share.
    """

    __slots__ = ("_bits", "_packets", "refused")

    def __init__(self, packets: float, bits: float, now: float) -> None:
        self._packets = TokenBucket(packets, packets * BURST_SECONDS, now)
        self._bits = TokenBucket(bits, bits * BURST_SECONDS, now)
        self.refused = 0

    def admits(self, now: float) -> bool:
        """Whether another packet may be looked at; counts it as refused if not."""
        if self._packets.refill(now) >= 1 and self._bits.refill(now) > 0:
            return True
        self.refused += 1
        return False

    def charge(self, size: int) -> None:
        """Count an authentic packet of `size` bytes."""
        self._packets.left -= 1
        self._bits.left -= 8 * size


class Seen:
    """The transaction ids of a peer's STUN requests, so that none moves its media twice.

    A Bloom filter of fixed size over ids that their maker drew at random (RFC 8489 section 5). One of three ids is
    taken for known by mistake after 13,000 of them, five to ten hours; the peer's next request is then as good.
    """

    BITS = 1 << 15

    __slots__ = ("_bits",)

    def __init__(self) -> None:
        self._bits = bytearray(self.BITS // 8)

    def first(self, transaction: bytes) -> bool:
        """Whether this id was not there yet; it is now."""
        new = False
        for at in (int.from_bytes(transaction[:4], "big"), int.from_bytes(transaction[4:8], "big")):
            byte, bit = at % self.BITS // 8, 1 << at % 8
            new |= not self._bits[byte] & bit
            self._bits[byte] |= bit
        return new


class Pace:
    """How often each person may ask for something (ASVS 5.0, 17.3.1); whoever has rested is forgotten."""

    def __init__(self) -> None:
        self._buckets: dict[str, TokenBucket] = {}

    def allows(self, who: str, now: float) -> bool:
        """Whether this person may ask once more at `now` (monotonic seconds)."""
        if who not in self._buckets and len(self._buckets) >= MAX_REMEMBERED:
            self._buckets = {w: bucket for w, bucket in self._buckets.items() if bucket.refill(now) < ASKED_BURST}
        bucket = self._buckets.setdefault(who, TokenBucket(ASKED, ASKED_BURST, now))
        return bucket.take(1, now)


class Holding(Protocol):
    """A resource, as far as counting goes: whose it is, and its keys once it is connected."""

    owner: str

    @property
    def half_open(self) -> bool:
        """Whether it was answered and has not connected yet."""


def check_share(owner: str, resources: Iterable[Holding]) -> None:
    """Refuse another resource to a person who holds too many, or too many that never connected.

    Raises:
        MediaRefused: with code ``media.full``.
    """
    own = [resource for resource in resources if resource.owner == owner]
    if owner and (len(own) >= MAX_PER_OWNER or sum(r.half_open for r in own) >= MAX_HALF_OPEN):
        raise MediaRefused("Zu viele Verbindungen unter diesem Namen. Bitte andere Fenster schließen.", FULL)
