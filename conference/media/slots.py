"""Slots: which stream flows to which tracks, and when one of them may change over to another."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from conference.media import rtcp
from conference.media.continuity import Offset, Position
from conference.media.fanout import Group, Outbox, Shape
from conference.media.rtp import Packet, seq_diff

if TYPE_CHECKING:
    from conference.media.feed import Stream
    from conference.media.viewer import Track


CATCH_UP = 20_000  # packets to all viewers together: some 60 ms of work


class Flow:
    """One stream on its way to the tracks that follow it.

    Attributes:
        head: the newest numbers that were forwarded, as the stream has them.
        waiting: tracks that will follow from the next key frame on; until then they may follow another flow.
        usual: the offset that newcomers take.
    """

    def __init__(self, stream: Stream, outbox: Outbox) -> None:
        self.stream = stream
        self.head: Position | None = None
        self.groups: dict[Shape, Group] = {}
        self.waiting: list[Track] = []
        self.usual: Offset | None = None
        self._outbox = outbox
        stream.flows.append(self)

    def end(self) -> None:
        """Send nothing more, and let the tracks go."""
        self.stream.flows.remove(self)
        for track in self.members():
            track.leave()
        for track in self.waiting:
            track.next = None
        self.groups.clear()
        self.waiting.clear()

    def pause(self) -> None:
        """Go on at the stream's next key frame only."""
        for track in self.members():
            track.leave()
            if track.next is None:
                self.wait_for(track)
        self.groups.clear()

    def members(self) -> list[Track]:
        """All that follow now."""
        return [track for group in self.groups.values() for track in group.members]

    @property
    def idle(self) -> bool:
        """Whether nobody follows or will."""
        return not self.waiting and not any(group.members for group in self.groups.values())

    # who follows

    def wait_for(self, track: Track) -> None:
        """Let a track follow from the next key frame on (of sound: from the next packet on)."""
        track.next = self
        self.waiting.append(track)

    def forget(self, track: Track) -> None:
        """Let a track no longer wait."""
        self.waiting.remove(track)
        track.next = None

    def remove(self, track: Track) -> None:
        """Let a member go."""
        group = track.group
        track.leave()
        if group is not None and not group.members:
            self.groups = {shape: g for shape, g in self.groups.items() if g is not group}

    def reshape(self, track: Track) -> None:
        """Let a member go on in another shape."""
        if track.group is None or track.group.shape == (shape := track.shape(self.stream)):
            return
        group = track.group
        group.remove(track)
        if not group.members:
            del self.groups[group.shape]
        self._group(shape).add(track)

    def catch_up(self, joining: bool) -> None:
        """Give those who see nothing what followed the last key frame, if it came a moment ago.

        `joining`: they saw nothing before, so that they may get more of the past.
        """
        blind = [track for track in self.waiting if track.flow is None]
        packets = self.stream.since_key_frame(joining) if blind and self.stream.kind == "video" else []
        if not packets or len(packets) * len(blind) > CATCH_UP:
            return
        wall = time.time()
        age = (packets[-1].timestamp - packets[0].timestamp & 0xFFFFFFFF) / self.stream.codec.clock
        self._flush()
        own: dict[Shape, Group] = {}
        for track in blind:
            self.waiting.remove(track)
            track.begin(self, packets[0], time.monotonic(), age)
            shape = track.shape(self.stream)
            own.setdefault(shape, Group(shape, self._outbox, self.stream)).add(track)
        for group in own.values():
            for packet in packets:
                group.push(packet, wall)
            group.flush()
        for packet in packets:
            self._note(packet, time.monotonic())
        for shape, group in own.items():
            for track in group.members:
                self._group(shape).add(track)

    def _group(self, shape: Shape) -> Group:
        if shape not in self.groups:
            self.groups[shape] = Group(shape, self._outbox, self.stream)
        return self.groups[shape]

    def _admit(self, packet: Packet, now: float) -> None:
        """Let those follow who waited for this packet."""
        self._flush()
        waiting, self.waiting = self.waiting, []
        for track in waiting:
            if track.flow is not None:
                track.flow.remove(track)
            track.begin(self, packet, now)
            self._group(track.shape(self.stream)).add(track)

    def _flush(self) -> None:
        for group in self.groups.values():
            group.flush()

    def request_key_frame(self) -> None:
        """Ask the publisher, if somebody waits for it."""
        if self.waiting:
            self.stream.request_key_frame()

    # packets

    def forward(self, packet: Packet, now: float, wall: float) -> Iterator[Group]:
        """Queue one packet for everybody; yields the groups that have something to flush."""
        if packet.key and self.waiting:
            self._admit(packet, now)
        if not self.groups:
            return
        newest = self._note(packet, now)
        for group in self.groups.values():
            if newest:
                group.push(packet, wall)
            else:
                group.push_late(packet, wall)
            yield group

    def _note(self, packet: Packet, now: float) -> bool:
        """Keep the newest numbers; False if there were newer ones."""
        head = self.head
        if head is not None and seq_diff(packet.seq, head.seq) < 0:
            return False
        vp8 = packet.vp8
        picture_id, tl0 = (vp8.picture_id, vp8.tl0) if vp8 is not None else (0, 0)
        self.head = Position(packet.seq, packet.timestamp, max(picture_id, 0), max(tl0, 0), now)
        return True

    def report(self, now: float, wall: float) -> None:
        """Send everybody a sender report for this instant."""
        if self.head is None:
            return
        timestamp = self.stream.timestamp_at(now, wall)
        for shape, group in self.groups.items():
            group.settle(self.head.seq, now)
            if group.packets:
                group.send_report(_sender_report(shape.ssrc, wall, timestamp + group.offset.timestamp, group))


def _sender_report(ssrc: int, wall: float, timestamp: int, group: Group) -> bytes:
    report = rtcp.sender_report(ssrc, rtcp.ntp_time(wall), timestamp, group.packets, group.octets)
    return report + rtcp.source_description(ssrc, "conference")


class Slot:
    """One place of a room for one kind of media: at most one feed's sound, or the layers of its picture, flow in it.

    Attributes:
        layers: what flows here, the smallest first.
        tracks: the viewers' m-lines for this place.
    """

    def __init__(self, outbox: Outbox) -> None:
        self.layers: Sequence[Stream] = ()
        self.tracks: list[Track] = []
        self._flows: dict[int, Flow] = {}
        self._outbox = outbox

    def play(self, layers: Sequence[Stream]) -> bool:
        """From now on `layers` may be followed here, and nothing else. False if they already were.

        What flowed before stops at once, unless it is the same programme on another way: that is seen on until the key
        frame comes with which the tracks change over.
        """
        if list(layers) == list(self.layers):
            return False
        if self._goes_on(layers):
            self.tidy()
        else:
            for flow in self._flows.values():
                flow.end()
            self._flows.clear()
        self.layers = list(layers)
        return True

    def _goes_on(self, layers: Sequence[Stream]) -> bool:
        """Whether `layers` are of the programme that is shown here, and what is shown still moves."""
        now = time.monotonic()
        programmes = {(stream.source, stream.owner, stream.kind) for stream in [*layers, *self.layers]}
        same = len(programmes) == 1 and bool(layers) and layers[0].source == "programme"
        return same and any(stream.alive(now) for stream in self.layers)

    def add(self, track: Track) -> None:
        """Let a viewer's track show what flows here."""
        self.tracks.append(track)

    def remove(self, track: Track) -> None:
        """Let it go."""
        if track in self.tracks:
            self.tracks.remove(track)
        self.follow(track, None)
        self.tidy()

    def follow(self, track: Track, stream: Stream | None) -> None:
        """Let a track follow one of the layers, from its next key frame on; None: nothing, at once."""
        if stream is track.following:
            return
        if track.next is not None:
            track.next.forget(track)
        if stream is None and track.flow is not None:
            track.flow.remove(track)
        elif stream is not None and (track.flow is None or track.flow.stream is not stream):
            self._flow(stream).wait_for(track)

    def catch_up(self, joining: bool = False) -> None:
        """Begin with key frames at hand; ask for those that are not."""
        for flow in self._flows.values():
            if flow.waiting:
                flow.catch_up(joining)
                flow.request_key_frame()

    def _flow(self, stream: Stream) -> Flow:
        if id(stream) not in self._flows:
            self._flows[id(stream)] = Flow(stream, self._outbox)
        return self._flows[id(stream)]

    def tidy(self) -> None:
        """End the flows that nobody follows any more."""
        for flow in [flow for flow in self._flows.values() if flow.idle]:
            flow.end()
            del self._flows[id(flow.stream)]
