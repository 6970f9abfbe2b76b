"""One packet to many viewers: written once, copied in bulk, encrypted for each, handed to the kernel in one call.

This is the hot path. Per viewer and packet no line of Python runs: ``bytes * n`` copies, NumPy renumbers the copies of
viewers whose numbers differ, ``map`` calls libsrtp, and the kernel reads headers that were prepared when the group last
changed. Packets that arrive together and are equally long (but the last, which may be shorter) go to each viewer as one
message that the kernel cuts (UDP_SEGMENT).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from conference.media import red, rtp, srtp
from conference.media.continuity import ZERO, Offset, Offsets, Places
from conference.media.rtp import Packet, seq_diff
from conference.media.udp import Arena, Path, UdpSocket

if TYPE_CHECKING:
    from conference.media.feed import Stream
    from conference.media.viewer import Track

MAX_PIECES = 8
MAX_PADDING = 16
SETTLED = 2.0
MAX_SEGMENT = 1232  # what every IPv6 path carries; the kernel refuses to cut larger ones
STRIDES = (256, 640, 1152, 1536)
ARENA_BYTES = 200_000


class Outbox:
    """The socket with an arena for each packet size, shared by all groups of a worker."""

    def __init__(self, sock: UdpSocket) -> None:
        self.socket = sock
        self.arenas = [Arena(ARENA_BYTES // stride, stride) for stride in STRIDES]
        self.grids = {
            arena.stride: np.frombuffer(arena.memory, np.uint8).reshape(arena.slots, arena.stride)
            for arena in self.arenas
        }

    def arena(self, size: int) -> Arena | None:
        """The smallest arena whose slots hold `size` bytes, None where no datagram may be so large."""
        return next((arena for arena in self.arenas if arena.stride >= size), None)


@dataclass(frozen=True)
class Shape:
    """All that makes a packet look the same to two viewers, before encryption.

    Attributes:
        tag: bytes SRTP adds; header extension ids are 0 where not negotiated.
        red: payload type of redundant sound, 0 for none; `copies`: how many forerunners each packet brings along.
    """

    ssrc: int
    payload_type: int
    tag: int
    mid: bytes = b""
    mid_id: int = 0
    level_id: int = 0
    send_time_id: int = 0
    red: int = 0
    copies: int = 0

    def render(self, packet: Packet, seq: int, timestamp: int, payload: bytes, now: float) -> bytes:
        """The packet as this shape's viewers get it, not yet encrypted; `payload` is its last part."""
        elements = b""
        if self.mid_id:
            elements = rtp.extension_element(self.mid_id, self.mid)
        if self.send_time_id:
            elements += rtp.extension_element(self.send_time_id, rtp.abs_send_time(now))
        if self.level_id and packet.level is not None:
            elements += rtp.extension_element(self.level_id, bytes([packet.level]))
        first = 0x80 | packet.padded << 5 | bool(elements) << 4
        second = packet.marker << 7 | (self.red or self.payload_type)
        header = rtp.HEADER.pack(first, second, seq, timestamp, self.ssrc)
        return header + rtp.extension_block(elements) + payload


class Group:
    """The tracks that follow one stream in one shape.

    As long as all of them have the same numbers a packet is rendered with these; else it is rendered with those of its
    source, and every copy is renumbered.

    Attributes:
        packets, octets: sent to each member since the group began (RFC 3550 section 6.4.1).
    """

    def __init__(self, shape: Shape, outbox: Outbox, stream: Stream) -> None:
        self.shape = shape
        self.stream = stream
        self.members: list[Track] = []
        self.packets = 0
        self.octets = 0
        self._queue: list[bytes] = []
        self._places: list[Places] = []
        self._queued = 0
        self._outbox = outbox
        self._plans: dict[tuple[int, int], list[Plan]] = {}
        self._offset: Offset | None = None
        self._recent: list[Track] = []

    def add(self, track: Track) -> None:
        """Let a track follow. What is queued is for those who were there before."""
        self.flush()
        self.members.append(track)
        self._recent.append(track)
        track.join(self)
        self.changed()

    def remove(self, track: Track) -> None:
        """Let a track leave, with all that is queued."""
        self.flush()
        self.members.remove(track)
        if track in self._recent:
            self._recent.remove(track)
        self.changed()

    def changed(self) -> None:
        """Forget what was prepared: a member came, went or moved to another address."""
        self._plans.clear()
        self._offset = None

    @property
    def offset(self) -> Offset:
        """That of all members; none where they differ."""
        if self._offset is None:
            offsets = {track.offset for track in self.members}
            self._offset = offsets.pop() if len(offsets) == 1 else ZERO
        return self._offset

    def push(self, packet: Packet, wall: float) -> None:
        """Queue a packet until `flush`."""
        rendered, size = self.render(packet, self.offset, wall)
        self._queue.append(rendered)
        self._places.append(_places(packet, len(rendered) - size))
        self._queued += size

    def render(self, packet: Packet, offset: Offset, wall: float) -> tuple[bytes, int]:
        """A packet as members with this offset get it, and the size of its payload."""
        seq, timestamp, payload = offset.place(packet)
        if self.shape.red:
            payload = self._redundant(packet)
        return self.shape.render(packet, seq, timestamp, payload, wall), len(payload)

    def _redundant(self, packet: Packet) -> bytes:
        ago = range(self.shape.copies, 0, -1)
        earlier = [self.stream.stored((packet.seq - back) & 0xFFFF) for back in ago]
        return red.payload(packet, [one for one in earlier if one is not None], self.shape.payload_type)

    def push_late(self, packet: Packet, wall: float) -> None:
        """Queue a packet older than the newest; who joined after it does not get it."""
        too_young = [track for track in self._recent if seq_diff(packet.seq, track.first) < 0]
        if not too_young:
            self.push(packet, wall)
            return
        for track in self.members:
            if track not in too_young:
                track.send(packet, wall)

    def settle(self, head: int, now: float) -> None:
        """Forget who joined a while ago: nothing from before can come any more. `head`: the stream's newest number."""
        for track in self.members:
            track.age(head)
        self._recent = [track for track in self._recent if now - track.began_at < SETTLED]

    def flush(self) -> None:
        """Send what is queued."""
        queue, places, octets = self._queue, self._places, self._queued
        if not queue:
            return
        self._queue, self._places, self._queued = [], [], 0
        if not self.members:
            return
        self.packets += len(queue)
        self.octets += octets
        together = len(queue) > 1 and self._outbox.socket.segmenting
        if not together or max(map(len, queue)) + self.shape.tag > MAX_SEGMENT:
            for packet, place in zip(queue, places, strict=True):
                self._send([packet], [place], srtp.protect, self.shape.tag)
            return
        start = 0
        for run in _runs(queue):
            self._send(run, places[start : start + len(run)], srtp.protect, self.shape.tag)
            start += len(run)

    def send_report(self, packet: bytes) -> None:
        """Send a sender report, its timestamp in the numbers of `offset`, to every member now."""
        if self.members:
            self._send([packet], None, srtp.protect_rtcp, self.shape.tag + srtp.RTCP_INDEX)

    def _send(self, run: list[bytes], places: list[Places] | None, protect: Any, tail: int) -> None:
        outbox, pieces = self._outbox, len(run)
        arena = outbox.arena(max(len(run[0]), len(run[-1])) + tail)
        if arena is None:
            return
        plan = self._plans.get((arena.stride, pieces)) or self._prepare(arena, pieces)
        if pieces == 1:
            self._carry_out(plan, arena, run, places, protect, tail)
            return
        outbox.socket.segment(len(run[0]) + tail)
        try:
            self._carry_out(plan, arena, run, places, protect, tail)
        finally:
            outbox.socket.segment(0)

    def _carry_out(
        self, plan: list[Plan], arena: Arena, run: list[bytes], places: list[Places] | None, protect: Any, tail: int
    ) -> None:
        pieces = len(run)
        for part in plan:
            arena.fill(run, part.messages, tail)
            if part.offsets is not None:
                self._renumber(part, arena, pieces, places)
            codes = list(map(protect, part.contexts, arena.pointers, arena.lengths))
            arena.header_bytes[: len(part.envelope)] = part.envelope
            if part.streamed is not None:
                self._send_streamed(arena, part.streamed, codes, [len(packet) + tail for packet in run])
            elif any(codes):
                self._send_healthy(arena, part, codes, pieces)
            else:
                self._outbox.socket.send_many(arena.headers, part.messages, pieces)

    def _renumber(self, part: Plan, arena: Arena, pieces: int, places: list[Places] | None) -> None:
        assert part.offsets is not None
        copies = self._outbox.grids[arena.stride][: part.messages * pieces]
        copies = copies.reshape(part.messages, pieces, arena.stride)
        if places is None:
            part.offsets.add_to_reports(copies)
        else:
            part.offsets.add(copies, places)

    def _send_healthy(self, arena: Arena, part: Plan, codes: list[int], pieces: int) -> None:
        """Leave out those for whom libsrtp refused; they get the rest of the stream by retransmission or not at all."""
        for message in range(part.messages):
            if not any(codes[message * pieces : (message + 1) * pieces]):
                self._outbox.socket.send_many(arena.headers + message, 1, pieces)

    def _send_streamed(self, arena: Arena, paths: Sequence[Path], codes: list[int], sizes: list[int]) -> None:
        """Send to those who are connected by TCP, datagram by datagram."""
        for index, code in enumerate(codes):
            if not code:
                start, size = index * arena.stride, sizes[index % len(sizes)]
                datagram = bytes(arena.memory[start : start + size])
                self._outbox.socket.send(datagram, paths[index // len(sizes)])

    def _prepare(self, arena: Arena, pieces: int) -> list[Plan]:
        step = max(arena.slots // pieces, 1)
        by_udp = [track for track in self.members if track.path.stream is None]
        by_tcp = [track for track in self.members if track.path.stream is not None]
        same = all(track.offset == self.offset for track in self.members)
        plan = [
            _plan(members[start : start + step], arena, pieces, renumber=not same)
            for members in (by_udp, by_tcp)
            for start in range(0, len(members), step)
        ]
        self._plans[arena.stride, pieces] = plan
        return plan


def _plan(members: Sequence[Track], arena: Arena, pieces: int, *, renumber: bool) -> Plan:
    reachable = [(track.srtp, track.path) for track in members]
    paths = [path for _, path in reachable]
    return Plan(
        contexts=[keys.outbound for keys, _ in reachable for _ in range(pieces)],
        envelope=arena.envelope(paths, pieces) if paths[0].stream is None else b"",
        messages=len(paths),
        offsets=Offsets([track.offset for track in members]) if renumber else None,
        streamed=paths if paths[0].stream is not None else None,
    )


def _places(packet: Packet, header: int) -> Places:
    """Where a rendered packet's VP8 numbers are."""
    vp8 = packet.vp8
    if vp8 is None or vp8.picture_id < 0:
        return Places()
    return Places(header + vp8.picture_id_at, header + vp8.tl0_at if vp8.tl0 >= 0 else 0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one system call needs: an SRTP context for each packet, and the prepared message headers.

    Attributes:
        offsets: by which each receiver's copies are renumbered, None where that is not needed.
        streamed: the paths of receivers connected by TCP, to whom no such call leads.
    """

    contexts: list[Any]
    envelope: bytes
    messages: int
    offsets: Offsets | None
    streamed: Sequence[Path] | None


def _runs(packets: list[bytes]) -> Iterator[list[bytes]]:
    """Cut a queue into runs of equal size, where the last packet of a run may be shorter.

    Browsers cut a frame into packets that differ by a byte or two; such are padded (RFC 3550 section 5.1).
    """
    run: list[bytes] = []
    longest = 0
    for packet in packets:
        size = len(packet)
        uneven = bool(run) and (size > len(run[0]) + MAX_PADDING or len(run[-1]) < longest - MAX_PADDING)
        if uneven or len(run) == MAX_PIECES or (run and _stuffed(run[-1])):
            yield _padded(run, longest)
            run, longest = [], 0
        run.append(packet)
        longest = max(longest, size)
    if run:
        yield _padded(run, longest)


def _stuffed(packet: bytes) -> bool:
    """Whether so much padding is in it that more could not be counted in one byte."""
    return packet[0] & 0x20 != 0 and packet[-1] > 255 - MAX_PADDING


def _padded(run: list[bytes], size: int) -> list[bytes]:
    """Bring all but the last packet to `size`."""
    return [_pad(packet, size - len(packet)) for packet in run[:-1]] + run[-1:]


def _pad(packet: bytes, size: int) -> bytes:
    if not size:
        return packet
    count = size + (packet[-1] if packet[0] & 0x20 else 0)  # the last byte counts all padding
    return bytes([packet[0] | 0x20]) + packet[1:] + bytes(size - 1) + bytes([count])
