"""One packet to many viewers: written once, copied in bulk, encrypted for each, handed to the kernel in one call.

This is the hot path. Per viewer and packet no line of Python runs: ``bytes * n`` copies, ``map`` calls libsrtp, and the
kernel reads headers that were prepared when the group last changed. Packets that arrive together and are equally long
(but the last, which may be shorter) go to each viewer as one message that the kernel cuts (UDP_SEGMENT).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conference.media import rtp, srtp
from conference.media.rtp import Packet
from conference.media.udp import Arena, UdpSocket

if TYPE_CHECKING:
    from conference.media.viewer import Track

MAX_PIECES = 8
MAX_PADDING = 16
MAX_SEGMENT = 1232  # what every IPv6 path carries; the kernel refuses to cut larger ones
STRIDES = (256, 640, 1152, 1536)
ARENA_BYTES = 200_000


class Outbox:
    """The socket with an arena for each packet size, shared by all groups of a worker."""

    def __init__(self, sock: UdpSocket) -> None:
        self.socket = sock
        self.arenas = [Arena(ARENA_BYTES // stride, stride) for stride in STRIDES]

    def arena(self, size: int) -> Arena | None:
        """The smallest arena whose slots hold `size` bytes, None where no datagram may be so large."""
        return next((arena for arena in self.arenas if arena.stride >= size), None)


@dataclass(frozen=True)
class Shape:
    """All that makes a packet look the same to two viewers, before encryption.

    Attributes:
        tag: bytes SRTP adds; header extension ids are 0 where not negotiated.
    """

    ssrc: int
    payload_type: int
    tag: int
    mid: bytes = b""
    mid_id: int = 0
    level_id: int = 0
    send_time_id: int = 0

    def render(self, packet: Packet, seq: int, timestamp: int, payload: bytes, now: float) -> bytes:
        """The packet as this shape's viewers get it, not yet encrypted."""
        elements = b""
        if self.mid_id:
            elements = rtp.extension_element(self.mid_id, self.mid)
        if self.send_time_id:
            elements += rtp.extension_element(self.send_time_id, rtp.abs_send_time(now))
        if self.level_id and packet.level is not None:
            elements += rtp.extension_element(self.level_id, bytes([packet.level]))
        first = 0x80 | packet.padded << 5 | bool(elements) << 4
        second = packet.marker << 7 | self.payload_type
        header = rtp.HEADER.pack(first, second, seq, timestamp, self.ssrc)
        return header + rtp.extension_block(elements) + payload


class Group:
    """The tracks that follow one flow in one shape."""

    def __init__(self, shape: Shape, outbox: Outbox) -> None:
        self.shape = shape
        self.members: list[Track] = []
        self.queue: list[bytes] = []
        self.packets = 0
        self.octets = 0
        self._queued = 0
        self._outbox = outbox
        self._plans: dict[tuple[int, int], list[Plan]] = {}

    def add(self, track: Track) -> None:
        """Let a track follow."""
        self.members.append(track)
        self.changed()

    def remove(self, track: Track) -> None:
        """Let a track leave."""
        self.members.remove(track)
        self.changed()

    def changed(self) -> None:
        """Forget what was prepared: a member came, went or moved to another address."""
        self._plans.clear()

    def push(self, packet: bytes, octets: int) -> None:
        """Queue a rendered packet with so many bytes of payload until `flush`."""
        self.queue.append(packet)
        self._queued += octets

    def flush(self) -> None:
        """Send what is queued."""
        queue, octets, self.queue, self._queued = self.queue, self._queued, [], 0
        if not self.members:
            return
        self.packets += len(queue)
        self.octets += octets
        together = len(queue) > 1 and self._outbox.socket.segmenting
        if not together or max(map(len, queue)) + self.shape.tag > MAX_SEGMENT:
            for packet in queue:
                self._send([packet], srtp.protect, self.shape.tag)
        else:
            for run in _runs(queue):
                self._send(run, srtp.protect, self.shape.tag)

    def send_rtcp(self, packet: bytes) -> None:
        """Send one RTCP packet to every member now."""
        if self.members:
            self._send([packet], srtp.protect_rtcp, self.shape.tag + srtp.RTCP_INDEX)

    def _send(self, run: list[bytes], protect: Any, tail: int) -> None:
        outbox, pieces = self._outbox, len(run)
        arena = outbox.arena(max(len(run[0]), len(run[-1])) + tail)
        if arena is None:
            return
        plan = self._plans.get((arena.stride, pieces)) or self._prepare(arena, pieces)
        if pieces == 1:
            self._carry_out(plan, arena, run, protect, tail)
            return
        outbox.socket.segment(len(run[0]) + tail)
        try:
            self._carry_out(plan, arena, run, protect, tail)
        finally:
            outbox.socket.segment(0)

    def _carry_out(self, plan: list[Plan], arena: Arena, run: list[bytes], protect: Any, tail: int) -> None:
        pieces = len(run)
        for part in plan:
            arena.fill(run, part.messages, tail)
            codes = list(map(protect, part.contexts, arena.pointers, arena.lengths))
            arena.header_bytes[: len(part.envelope)] = part.envelope
            if any(codes):
                self._send_healthy(arena, part, codes, pieces)
            else:
                self._outbox.socket.send_many(arena.headers, part.messages, pieces)

    def _send_healthy(self, arena: Arena, part: Plan, codes: list[int], pieces: int) -> None:
        """Leave out those for whom libsrtp refused; they get the rest of the stream by retransmission or not at all."""
        for message in range(part.messages):
            if not any(codes[message * pieces : (message + 1) * pieces]):
                self._outbox.socket.send_many(arena.headers + message, 1, pieces)

    def _prepare(self, arena: Arena, pieces: int) -> list[Plan]:
        step = max(arena.slots // pieces, 1)
        plan = []
        for start in range(0, len(self.members), step):
            reachable = [(t.srtp, t.path) for t in self.members[start : start + step]]
            contexts = [srtp.outbound for srtp, _ in reachable for _ in range(pieces)]
            plan.append(Plan(contexts, arena.envelope([path for _, path in reachable], pieces), len(reachable)))
        self._plans[arena.stride, pieces] = plan
        return plan


@dataclass(frozen=True, slots=True)
class Plan:
    """What one system call needs: an SRTP context for each packet, and the prepared message headers."""

    contexts: list[Any]
    envelope: bytes
    messages: int


def _runs(packets: list[bytes]) -> Iterator[list[bytes]]:
    """Cut a queue into runs of equal size, where the last packet of a run may be shorter.

    Browsers cut a frame into packets that differ by a byte or two; such are padded (RFC 3550 section 5.1).
    """
    run: list[bytes] = []
    longest = 0
    for packet in packets:
        size = len(packet)
        uneven = bool(run) and (size > len(run[0]) + MAX_PADDING or len(run[-1]) < longest - MAX_PADDING)
        if uneven or len(run) == MAX_PIECES:
            yield _padded(run, longest)
            run, longest = [], 0
        run.append(packet)
        longest = max(longest, size)
    if run:
        yield _padded(run, longest)


def _padded(run: list[bytes], size: int) -> list[bytes]:
    """Bring all but the last packet to `size`."""
    return [_pad(packet, size - len(packet)) for packet in run[:-1]] + run[-1:]


def _pad(packet: bytes, size: int) -> bytes:
    if not size:
        return packet
    count = size + (packet[-1] if packet[0] & 0x20 else 0)  # the last byte counts all padding
    return bytes([packet[0] | 0x20]) + packet[1:] + bytes(size - 1) + bytes([count])
