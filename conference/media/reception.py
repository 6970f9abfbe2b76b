"""What arrived and what did not: the bookkeeping of RFC 3550 appendices A.1, A.3 and A.8, and the list for NACK."""

from __future__ import annotations

from conference.media.rtp import seq_diff

MAX_GAP = 3000
MAX_MISSING = 300
NACK_INTERVAL = 0.1
NACK_TRIES = 10


class Reception:
    """One incoming stream.

    Attributes:
        received: packets, duplicates not counted.
        highest: extended highest sequence number, -1 before the first packet.
        jitter: interarrival jitter in timestamp units.
        missing: sequence number → ``[asked how often, when next]``.
        restarts: how often the numbers jumped.
    """

    def __init__(self, clock: int, wants_missing: bool) -> None:
        self.received = 0
        self.highest = -1
        self.jitter = 0.0
        self.missing: dict[int, list[float]] = {}
        self.restarts = 0
        self._clock = clock
        self._wants_missing = wants_missing
        self._base = 0
        self._transit: float | None = None
        self._expected_before = self._received_before = 0

    def note(self, seq: int, now: float) -> bool:
        """Count a packet. True if the stream begins or begins anew with it (its numbers jumped)."""
        self.received += 1
        if self.highest < 0:
            self._begin(seq)
            return True
        ahead = seq_diff(seq, self.highest & 0xFFFF)
        if ahead > MAX_GAP or ahead < -MAX_GAP:
            self._begin(seq)
            self.restarts += 1
            return True
        if ahead > 0:
            if ahead > 1 and self._wants_missing:
                self._miss(ahead, now)
            self.highest += ahead
        elif self.missing:
            self.missing.pop(seq, None)
        return False

    def _begin(self, seq: int) -> None:
        self.highest = self._base = seq
        self.received = 1
        self.missing.clear()
        self._transit = None
        self._expected_before = self._received_before = 0

    def _miss(self, ahead: int, now: float) -> None:
        if ahead > MAX_MISSING or len(self.missing) > MAX_MISSING:
            self.missing.clear()
            return
        for seq in range(self.highest + 1, self.highest + ahead):
            self.missing[seq & 0xFFFF] = [0, now]

    def time(self, timestamp: int, now: float) -> None:
        """Take a packet's timestamp into the jitter."""
        transit = now * self._clock - timestamp
        if self._transit is not None:
            difference = abs(transit - self._transit)
            if difference < self._clock * 4:
                self.jitter += (difference - self.jitter) / 16
        self._transit = transit

    def due(self, now: float) -> list[int]:
        """Sequence numbers to ask for now; those asked for too often are given up."""
        asked, given_up = [], []
        for seq, state in self.missing.items():
            if state[1] > now:
                continue
            if state[0] >= NACK_TRIES:
                given_up.append(seq)
                continue
            state[0] += 1
            state[1] = now + NACK_INTERVAL
            asked.append(seq)
        for seq in given_up:
            del self.missing[seq]
        return asked

    @property
    def expected(self) -> int:
        """Packets that should have come."""
        return self.highest - self._base + 1 if self.highest >= 0 else 0

    @property
    def lost(self) -> int:
        """Packets that did not come; negative where duplicates outweigh."""
        return self.expected - self.received

    def fraction(self) -> int:
        """Share lost since the last call, in 1/256."""
        expected, received = self.expected - self._expected_before, self.received - self._received_before
        self._expected_before, self._received_before = self.expected, self.received
        if expected <= 0 or expected <= received:
            return 0
        return min((expected - received) * 256 // expected, 255)
