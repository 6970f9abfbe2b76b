"""A peer that watches: one track for each of its m-lines, and what it says about what it received."""

from __future__ import annotations

import struct
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from conference.media import rtcp, rtp, sdp
from conference.media.fanout import Group, Shape
from conference.media.peer import Peer
from conference.media.rtp import Malformed, Packet
from conference.media.sdp import Accepted, OutgoingStream, Section

if TYPE_CHECKING:
    from conference.media.feed import Stream
    from conference.media.slots import Flow, Room, Timeline

MAX_SLOTS = 24
SSRC_BASE = 0x20000000
MAX_REPAIRS = 500  # a second and slot
_RTX = struct.Struct("!H")


def slot_ssrc(kind: str, index: int) -> int:
    """The SSRC of a slot: the same for every viewer, so that one rendering serves them all. RTX has the next."""
    return SSRC_BASE + index * 4 + (2 if kind == "video" else 0)


def outgoing(kind: str, index: int) -> OutgoingStream:
    """How a slot is announced: audio and video of a slot share a media stream, so that they play in step."""
    ssrc = slot_ssrc(kind, index)
    rtx = ssrc + 1 if kind == "video" else None
    return OutgoingStream(f"slot-{index}", f"slot-{index}-{kind}", ssrc, rtx, "conference")


def acceptable(offer: sdp.Offer) -> tuple[dict[int, Accepted], list[tuple[Section, int]]]:
    """Every m-line that would receive, with its slot number: each kind is counted alone."""
    accepted: dict[int, Accepted] = {}
    slots: list[tuple[Section, int]] = []
    count = {"audio": 0, "video": 0}
    for index, section in enumerate(offer.sections):
        if section.receives and count[section.kind] < MAX_SLOTS and (offer.bundle or not accepted):
            slot = count[section.kind]
            count[section.kind] += 1
            accepted[index] = Accepted(section.accepted(), outgoing(section.kind, slot))
            slots.append((section, slot))
    return accepted, slots


class Track:
    """One m-line of a viewer: shows what flows in the slot of its number."""

    def __init__(self, viewer: Viewer, section: Section, index: int) -> None:
        self.viewer = viewer
        self.kind = section.kind
        self.index = index
        self.ssrc = slot_ssrc(section.kind, index)
        self.timeline: Timeline
        self.flow: Flow | None = None
        self.group: Group | None = None
        self.lost = 0
        self.fraction = 0
        self.retransmitted = 0
        self._codecs = {codec.name: codec for codec in section.accepted()}
        self._mid = section.mid.encode("ascii")
        self._extensions = section.extensions
        self._sent = 0
        self._joined_at = 0
        self._rtx_seq = 1
        self._second = self._spent = 0

    @property
    def srtp(self) -> Any:
        """The viewer's keys."""
        return self.viewer.srtp

    @property
    def path(self) -> Any:
        """Where the viewer is."""
        return self.viewer.path

    @property
    def sent(self) -> int:
        """Packets sent, retransmissions not counted."""
        return self._sent + (self.group.packets - self._joined_at if self.group else 0)

    def plays(self, stream: Stream) -> bool:
        """Whether this viewer may see the stream (nobody hears himself) and can decode it."""
        own = bool(self.viewer.owner) and stream.owner == self.viewer.owner
        return not own and stream.codec.name in self._codecs

    def shape(self, stream: Stream) -> Shape:
        """How the stream's packets look for this viewer."""
        extensions = self._extensions
        return Shape(
            ssrc=self.ssrc,
            payload_type=self._codecs[stream.codec.name].payload_type,
            tag=self.srtp.tag,
            mid=self._mid,
            mid_id=extensions.get(rtp.MID, 0) if self._mid else 0,
            level_id=extensions.get(rtp.AUDIO_LEVEL, 0) if self.kind == "audio" else 0,
            send_time_id=extensions.get(rtp.ABS_SEND_TIME, 0),
        )

    def join(self, group: Group) -> None:
        """Follow a group."""
        self.group, self._joined_at = group, group.packets
        group.add(self)

    def leave(self) -> None:
        """Leave it."""
        if self.group is not None:
            self._sent = self.sent
            self.group.remove(self)
            self.group = None

    def unfollow(self) -> None:
        """Leave the flow."""
        self.leave()
        self.flow = None

    def replay(self, packets: Sequence[Packet]) -> None:
        """Send what the others have already: a newcomer need not wait for the next key frame."""
        if self.flow is None or self.group is None:
            return
        for packet in packets:
            placed = self.flow.timeline.place(packet, self.flow.timeline.sent_at)
            if placed is not None:
                rendered = self.group.shape.render(packet, *placed, time.time())
                self.viewer.send_rtp(rendered)
                self._sent += 1

    def retransmit(self, lost: Sequence[int], wall: float) -> None:
        """Send packets again, in the retransmission stream (RFC 4588 section 4); without one, nothing."""
        if self.flow is None or self.group is None:
            return
        codec = self._codecs[self.flow.stream.codec.name]
        if codec.rtx is None:
            return
        for seq in lost[: self._budget(int(wall), len(lost))]:
            source = self.flow.timeline.source_seq(seq)
            packet = self.flow.stream.stored(source) if source is not None else None
            placed = self.flow.timeline.place(packet, self.flow.timeline.sent_at) if packet else None
            if packet is not None and placed is not None:
                self._send_again(packet, placed, codec.rtx, wall)

    def _budget(self, second: int, wanted: int) -> int:
        """How many packets may be sent again now: a viewer that asks for everything gets no more than it could use."""
        if second != self._second:
            self._second, self._spent = second, 0
        granted = min(wanted, MAX_REPAIRS - self._spent)
        self._spent += granted
        return granted

    def _send_again(self, packet: Packet, placed: tuple[int, int, bytes], payload_type: int, wall: float) -> None:
        assert self.group is not None
        original, timestamp, payload = placed
        shape = self.group.shape
        again = Shape(self.ssrc + 1, payload_type, shape.tag, send_time_id=shape.send_time_id)
        self._rtx_seq = (self._rtx_seq + 1) & 0xFFFF
        self.viewer.send_rtp(again.render(packet, self._rtx_seq, timestamp, _RTX.pack(original) + payload, wall))
        self.retransmitted += 1


class Viewer(Peer):
    """Watches a room."""

    def __init__(self, room: Room, room_name: str, slots: Sequence[tuple[Section, int]], *args: Any) -> None:
        super().__init__(*args)
        self.room = room
        self.room_name = room_name
        self.tracks = [Track(self, section, index) for section, index in slots]
        self.by_ssrc = {track.ssrc: track for track in self.tracks}
        self.remb: int | None = None

    def connected(self) -> None:
        """Begin to watch."""
        for track in self.tracks:
            self.room.slot(track.kind, track.index).add(track)

    def moved(self) -> None:
        """Send everything to the new address."""
        for track in self.tracks:
            if track.group is not None:
                track.group.changed()

    async def close(self) -> None:
        """Stop watching."""
        for track in self.tracks:
            self.room.slot(track.kind, track.index).remove(track)
        await super().close()

    def send_rtp(self, packet: bytes) -> None:
        """Protect one packet and send it to this viewer alone."""
        sealed = self.srtp.seal(packet) if self.srtp else b""
        if sealed:
            self._send(sealed)

    def feedback(self, data: bytes, now: float, wall: float) -> None:
        """Act on what the viewer reports."""
        try:
            messages = rtcp.read(data)
        except Malformed:
            return
        for message in messages:
            self._act(message, wall)

    def _act(self, message: rtcp.Message, wall: float) -> None:
        if isinstance(message, rtcp.Remb):
            self.remb = message.bitrate
        elif isinstance(message, rtcp.ReportBlock | rtcp.Nack | rtcp.KeyFrameRequest):
            track = self.by_ssrc.get(message.ssrc)
            if track is None:
                return
            if isinstance(message, rtcp.ReportBlock):
                self._note(track, message, wall)
            elif isinstance(message, rtcp.Nack):
                track.retransmit(message.lost, wall)
            elif track.flow is not None:
                track.flow.stream.request_key_frame()

    def _note(self, track: Track, block: rtcp.ReportBlock, wall: float) -> None:
        track.lost, track.fraction = block.lost, block.fraction
        self.rtt = rtcp.round_trip(rtcp.ntp_time(wall), block.last_sr, block.delay) or self.rtt

    def stats(self, now: float) -> dict[str, Any]:
        """Counters of the viewer."""
        return {
            **super().stats(now),
            "room": self.room_name,
            "remb": self.remb,
            "sent": sum(track.sent for track in self.tracks),
            "retransmitted": sum(track.retransmitted for track in self.tracks),
            "lost": sum(max(track.lost, 0) for track in self.tracks),
            "loss": round(max((track.fraction for track in self.tracks), default=0) / 256, 3),
        }
