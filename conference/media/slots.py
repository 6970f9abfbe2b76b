"""Rooms and their slots: which stream flows where, and how a slot's RTP stays one stream while its sources change."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from conference.media import rtcp
from conference.media.fanout import Group, Outbox, Shape
from conference.media.rtp import Packet, seq_diff

if TYPE_CHECKING:
    from conference.media.feed import Feed, Stream
    from conference.media.viewer import Track


CATCH_UP = 20_000  # packets to all viewers together: some 60 ms of work


class Timeline:
    """The continuity of one outgoing stream: sequence number, timestamp, VP8 picture id and TL0PICIDX.

    Each source adds its own numbers to a constant that is chosen when it begins, so that what is sent goes on where the
    source before it ended. Gaps of the source stay gaps: the receiver shall ask for what was lost.
    """

    def __init__(self) -> None:
        self.seq = secrets.randbelow(0x4000)  # far from wrapping, so that receivers count the first wrap as we do
        self.timestamp = secrets.randbelow(0x40000000)
        self.picture_id = secrets.randbelow(0x4000)
        self.tl0 = secrets.randbelow(0x80)
        self.sent_at = 0.0
        self._seq_delta = self._timestamp_delta = self._picture_delta = self._tl0_delta = 0
        self._first = 0

    def copy(self) -> Timeline:
        """One that goes on from here by itself."""
        other = Timeline.__new__(Timeline)
        other.__dict__.update(self.__dict__)
        return other

    def begin(self, packet: Packet, clock: int, now: float, age: float = 0.0) -> None:
        """Let a source begin with `packet`, `age` seconds old; timestamps move on by the time that has passed."""
        passed = max(int((now - self.sent_at - age) * clock), 1) if self.sent_at else 0
        self._first = packet.seq
        self._seq_delta = (self.seq + 1 - packet.seq) & 0xFFFF
        self._timestamp_delta = (self.timestamp + passed - packet.timestamp) & 0xFFFFFFFF
        if packet.vp8 is not None:
            self._picture_delta = (self.picture_id + 1 - packet.vp8.picture_id) & 0x7FFF
            self._tl0_delta = (self.tl0 + 1 - packet.vp8.tl0) & 0xFF
        self.sent_at = now

    def place(self, packet: Packet, now: float) -> tuple[int, int, bytes] | None:
        """``(seq, timestamp, payload)`` to send for `packet`, None for one from before the beginning."""
        if seq_diff(packet.seq, self._first) < 0:
            if seq_diff(packet.seq, self._first) > -0x2000:
                return None
            self._first = (packet.seq - 0x2000) & 0xFFFF  # long running: keep the beginning within comparison
        elif seq_diff(packet.seq, self._first) > 0x4000:
            self._first = (packet.seq - 0x2000) & 0xFFFF
        seq = (packet.seq + self._seq_delta) & 0xFFFF
        timestamp = self.translate(packet.timestamp)
        if seq_diff(seq, self.seq) > 0:
            self.seq, self.timestamp, self.sent_at = seq, timestamp, now
        return seq, timestamp, self._payload(packet)

    def translate(self, timestamp: int) -> int:
        """A source's RTP timestamp as it is sent."""
        return (timestamp + self._timestamp_delta) & 0xFFFFFFFF

    def source_seq(self, seq: int) -> int | None:
        """The source's sequence number for one that was sent, None for one sent for an earlier source."""
        source = (seq - self._seq_delta) & 0xFFFF
        return source if seq_diff(source, self._first) >= 0 else None

    def _payload(self, packet: Packet) -> bytes:
        vp8 = packet.vp8
        if vp8 is None or (vp8.picture_id < 0 and vp8.tl0 < 0):
            return packet.payload
        payload = bytearray(packet.payload)
        if vp8.picture_id >= 0:
            picture_id = (vp8.picture_id + self._picture_delta) & 0x7FFF
            payload[vp8.picture_id_at] = 0x80 | picture_id >> 8
            payload[vp8.picture_id_at + 1] = picture_id & 0xFF
            if ((picture_id - self.picture_id) & 0x7FFF) < 0x4000:
                self.picture_id = picture_id
        if vp8.tl0 >= 0:
            tl0 = payload[vp8.tl0_at] = (vp8.tl0 + self._tl0_delta) & 0xFF
            if ((tl0 - self.tl0) & 0xFF) < 0x80:
                self.tl0 = tl0
        return bytes(payload)


class Flow:
    """One stream along one timeline, to the tracks that follow it."""

    def __init__(self, stream: Stream, timeline: Timeline, outbox: Outbox) -> None:
        self.stream = stream
        self.timeline = timeline
        self.begun = False
        self.groups: dict[Shape, Group] = {}
        self.waiting: list[Track] = []
        self._outbox = outbox
        stream.flows.append(self)

    def end(self) -> None:
        """Send nothing more, and let the tracks go."""
        self.stream.flows.remove(self)
        for track in self.tracks():
            track.unfollow()
        self.groups.clear()
        self.waiting.clear()

    def pause(self) -> None:
        """Go on at the stream's next key frame only."""
        self.begun = False

    def tracks(self) -> list[Track]:
        """All that follow, waiting ones too."""
        return self.waiting + [track for group in self.groups.values() for track in group.members]

    def add(self, track: Track) -> None:
        """Let a track follow, from the next key frame on or at once where the last one is at hand."""
        track.flow = self
        if self.stream.kind == "audio" or not self.begun:
            self._admit(track)
        elif packets := self.stream.since_key_frame(joining=True):
            self._admit(track)
            track.replay(packets)
        else:
            self.waiting.append(track)

    def catch_up(self, joining: bool) -> None:
        """Begin with a key frame that came a moment ago, if it did, and send all that followed it."""
        if self.begun or self.stream.kind == "audio":
            return
        packets = self.stream.since_key_frame(joining)
        if not packets or len(packets) * len(self.tracks()) > CATCH_UP:
            return
        now, wall = time.monotonic(), time.time()
        clock = self.stream.codec.clock
        age = (packets[-1].timestamp - packets[0].timestamp & 0xFFFFFFFF) / clock
        self.timeline.begin(packets[0], clock, now, age)
        self.begun = True
        groups = {id(group): group for packet in packets for group in self.forward(packet, now, wall)}
        for group in groups.values():
            group.flush()

    def remove(self, track: Track) -> None:
        """Let one track go."""
        if track in self.waiting:
            self.waiting.remove(track)
        elif track.group is not None:
            group = track.group
            track.leave()
            if not group.members:
                self.groups = {shape: g for shape, g in self.groups.items() if g is not group}

    @property
    def needs_key_frame(self) -> bool:
        """Whether somebody sees nothing until the next key frame."""
        return bool(self.waiting) or (not self.begun and bool(self.groups))

    def request_key_frame(self) -> None:
        """Ask the publisher, if somebody needs it."""
        if self.needs_key_frame:
            self.stream.request_key_frame()

    def _admit(self, track: Track) -> None:
        shape = track.shape(self.stream)
        if shape not in self.groups:
            self.groups[shape] = Group(shape, self._outbox)
        track.join(self.groups[shape])

    def forward(self, packet: Packet, now: float, wall: float) -> Iterator[Group]:
        """Queue one packet for everybody; yields the groups that have something to flush."""
        if not self.begun:
            if not packet.key:
                return
            self.timeline.begin(packet, self.stream.codec.clock, now)
            self.begun = True
        placed = self.timeline.place(packet, now)
        if placed is None:
            return
        if packet.key and self.waiting:
            self._admit_waiting()
        seq, timestamp, payload = placed
        for shape, group in self.groups.items():
            group.push(shape.render(packet, seq, timestamp, payload, wall), len(payload))
            yield group

    def _admit_waiting(self) -> None:
        waiting, self.waiting = self.waiting, []
        for track in waiting:
            self._admit(track)

    def report(self, now: float, wall: float) -> None:
        """Send everybody a sender report for this instant."""
        if not self.begun:
            return
        timestamp = self.timeline.translate(self.stream.timestamp_at(now, wall))
        for shape, group in self.groups.items():
            if group.packets:
                group.send_rtcp(_sender_report(shape.ssrc, wall, timestamp, group))


def _sender_report(ssrc: int, wall: float, timestamp: int, group: Group) -> bytes:
    report = rtcp.sender_report(ssrc, rtcp.ntp_time(wall), timestamp, group.packets, group.octets)
    return report + rtcp.source_description(ssrc, "conference")


class Slot:
    """One place of a room for one kind of media: at most one stream flows in it."""

    def __init__(self, outbox: Outbox) -> None:
        self.stream: Stream | None = None
        self.timeline = Timeline()
        self.flows: dict[int, Flow] = {}
        self.tracks: list[Track] = []
        self._outbox = outbox

    def play(self, stream: Stream | None) -> None:
        """Stop what flows at once; let `stream` flow, video from its next key frame on."""
        if stream is self.stream:
            return
        for flow in self.flows.values():
            flow.end()
        self.flows.clear()
        self.stream = stream
        if stream is not None:
            self._flow(self.timeline)
            for track in self.tracks:
                self._attach(track)
            for flow in self.flows.values():
                flow.catch_up(joining=False)
                flow.request_key_frame()

    def add(self, track: Track) -> None:
        """Let a viewer's track show what flows here."""
        track.timeline = self.timeline
        self.tracks.append(track)
        self._attach(track)
        if track.flow is not None:
            track.flow.catch_up(joining=True)
            track.flow.request_key_frame()

    def remove(self, track: Track) -> None:
        """Let it go."""
        if track in self.tracks:
            self.tracks.remove(track)
        if track.flow is not None:
            flow = track.flow
            flow.remove(track)
            track.unfollow()
            if flow.timeline is not self.timeline and not flow.tracks():
                flow.end()
                self.flows.pop(id(flow.timeline), None)

    def _flow(self, timeline: Timeline) -> Flow:
        assert self.stream is not None
        if id(timeline) not in self.flows:
            self.flows[id(timeline)] = Flow(self.stream, timeline, self._outbox)
        return self.flows[id(timeline)]

    def _attach(self, track: Track) -> None:
        """Let a track follow the stream. One that may not or cannot will go on later by a timeline of its own."""
        if self.stream is None:
            return
        if track.plays(self.stream):
            self._flow(track.timeline).add(track)
        elif track.timeline is self.timeline:
            track.timeline = self.timeline.copy()


class Room:
    """The slots that viewers of one room share. Feeds are named before they exist and after they have gone."""

    def __init__(self, outbox: Outbox, find: Callable[[str], Feed | None]) -> None:
        self.assigned: list[str | None] = []
        self.slots: dict[str, list[Slot]] = {"audio": [], "video": []}
        self._outbox = outbox
        self._find = find

    def slot(self, kind: str, index: int) -> Slot:
        """The slot, made if this is the first time it is asked for."""
        slots = self.slots[kind]
        while len(slots) <= index:
            slots.append(Slot(self._outbox))
            self._play(kind, len(slots) - 1)
        return slots[index]

    def switch(self, feeds: Sequence[str | None]) -> None:
        """Say which feed flows in which slot; slots beyond are empty. Feeds that stay where they are flow on."""
        self.assigned = list(feeds)
        self.refresh()

    def refresh(self) -> None:
        """Look again which of the assigned feeds exist."""
        for kind, slots in self.slots.items():
            for index in range(len(slots)):
                self._play(kind, index)

    def _play(self, kind: str, index: int) -> None:
        name = self.assigned[index] if index < len(self.assigned) else None
        feed = self._find(name) if name else None
        self.slots[kind][index].play(feed.streams.get(kind) if feed else None)
