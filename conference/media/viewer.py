"""A peer that watches: one track for each of its m-lines, and what it says about what it received."""

from __future__ import annotations

import struct
import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from conference.media import layers, rtcp, rtp, sdp
from conference.media.continuity import ZERO, Offset, Position
from conference.media.downlink import Downlink
from conference.media.fanout import Group, Shape
from conference.media.layers import Wish
from conference.media.limits import Repairs
from conference.media.peer import Peer
from conference.media.rtp import Malformed, Packet, seq_diff
from conference.media.sdp import Accepted, OutgoingStream, Section

if TYPE_CHECKING:
    from conference.media.feed import Stream
    from conference.media.rooms import Room
    from conference.media.slots import Flow

MAX_SLOTS = 24
SSRC_BASE = 0x20000000
PROBE_PACKETS = 40
REMEMBERED = 3.0
AWAY, RETURNING = 1.5, 2.5
"""Seconds without a report after which a viewer's network was away, and for which reports then count for nothing."""
COVER_LOSS, COVER_MUCH, COVER_SAMPLE, COVER_SECONDS = 0.01, 0.08, 20, 30
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


class Past(NamedTuple):
    """What a track followed, sent by the numbers from `first` to `end`; when it ended (monotonic seconds)."""

    stream: Stream
    offset: Offset
    first: int
    end: int
    at: float


class Track:
    """One m-line of a viewer: shows what flows in the slot of its number.

    Attributes:
        flow: what it follows; `next`: what it will follow from the next key frame on.
        group: who gets the same packets.
        offset: its numbers, as seen from those of the stream it follows.
        first: the first packet of that stream that it was sent, as the stream numbers it.
        began_at: when that was (monotonic seconds).
        copies: how many forerunners each packet of sound brings along (RFC 2198).
    """

    def __init__(self, viewer: Viewer, section: Section, index: int) -> None:
        self.viewer = viewer
        self.kind = section.kind
        self.index = index
        self.ssrc = slot_ssrc(section.kind, index)
        self.flow: Flow | None = None
        self.next: Flow | None = None
        self.group: Group | None = None
        self.offset = ZERO
        self.first = 0
        self.began_at = 0.0
        self.copies = 0
        self._covered = 0
        self.lost = 0
        self.fraction = 0
        self.highest: int | None = None
        self._reported: tuple[int, int] | None = None
        self.retransmitted = self.probed = 0
        self._codecs = {codec.name: codec for codec in section.accepted()}
        self._mid = section.mid.encode("ascii")
        self._extensions = section.extensions
        self._position = Position.fresh()
        self._past: deque[Past] = deque(maxlen=2)
        self._sent = 0
        self._joined_at = 0
        self._rtx_seq = 1

    @property
    def srtp(self) -> Any:
        """The viewer's keys."""
        return self.viewer.srtp

    @property
    def path(self) -> Any:
        """Where the viewer is."""
        return self.viewer.path

    @property
    def following(self) -> Stream | None:
        """What it follows or is about to."""
        flow = self.next or self.flow
        return flow.stream if flow is not None else None

    @property
    def showing(self) -> Stream | None:
        """What it follows now."""
        return self.flow.stream if self.flow is not None else None

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
        extensions, codec = self._extensions, self._codecs[stream.codec.name]
        copies = self.copies if codec.red is not None else 0
        return Shape(
            ssrc=self.ssrc,
            payload_type=codec.payload_type,
            red=codec.red or 0 if copies else 0,
            copies=copies,
            tag=self.srtp.tag,
            mid=self._mid,
            mid_id=extensions.get(rtp.MID, 0) if self._mid else 0,
            level_id=extensions.get(rtp.AUDIO_LEVEL, 0) if self.kind == "audio" else 0,
            send_time_id=extensions.get(rtp.ABS_SEND_TIME, 0),
        )

    # following

    def begin(self, flow: Flow, packet: Packet, now: float, age: float = 0.0) -> None:
        """Follow a flow from `packet` on, which came `age` seconds ago; the numbers go on where they were."""
        position = self._position
        if not position.at and flow.usual is not None:
            self.offset = flow.usual  # who begins takes the numbers of the others: one rendering serves them all
        else:
            self.offset = Offset.after(position, packet, self._timestamp(flow, packet, now - age))
            flow.usual = flow.usual or self.offset
        self.flow, self.next, self.first, self.began_at = flow, None, packet.seq, time.monotonic()

    def _timestamp(self, flow: Flow, packet: Packet, now: float) -> int:
        """The timestamp at which another source goes on.

        Layers of one picture were captured by the same clock: a frame keeps its instant. Otherwise time goes on as it
        passed here.
        """
        position, clock = self._position, flow.stream.codec.clock
        past = self._past[-1] if self._past else None
        if past is not None and past.stream.same_feed(flow.stream):
            captured = flow.stream.capture_time(packet.timestamp)
            before = past.stream.timestamp_of(captured) if captured is not None else None
            if before is not None:
                ahead = (before + past.offset.timestamp - position.timestamp) & 0xFFFFFFFF
                if 0 < ahead < 10 * clock:
                    return position.timestamp + ahead
        passed = max(int((now - position.at) * clock), 1) if position.at else 0
        return position.timestamp + passed

    def join(self, group: Group) -> None:
        """Be one of a group."""
        self._sent, self.group, self._joined_at = self.sent, group, group.packets

    def leave(self) -> None:
        """Follow nothing any more; remember where the numbers stand."""
        if self.group is not None:
            self.group.remove(self)
            self._sent, self.group = self.sent, None
        flow, self.flow = self.flow, None
        if flow is None or flow.head is None or seq_diff(flow.head.seq, self.first) < 0:
            return
        position = self.offset.position(flow.head)
        first = (self.first + self.offset.seq) & 0xFFFF
        self._past.append(Past(flow.stream, self.offset, first, position.seq, time.monotonic()))
        self._position = position

    def send(self, packet: Packet, wall: float) -> None:
        """Send one packet of the flow to this track alone."""
        if self.group is not None:
            self.viewer.send_rtp(self.group.render(packet, self.offset, wall)[0])
            self._sent += 1

    def cover(self, expected: int, lost: int) -> None:
        """Let sound bring its forerunners along while packets are lost: one, or two where many are.

        Called once a second with what the viewer reported on.
        """
        loss = lost / expected if expected >= COVER_SAMPLE else 0.0
        if loss > COVER_LOSS:
            self.copies, self._covered = max(self.copies, 2 if loss > COVER_MUCH else 1), COVER_SECONDS
        elif self._covered:
            self._covered -= 1
            self.copies = self.copies if self._covered else 0
        if self.flow is not None:
            self.flow.reshape(self)

    def reported(self) -> tuple[int, int]:
        """Packets that the viewer expected and lost, by the reports since the last call."""
        before, self._reported = self._reported, (self.highest, self.lost) if self.highest is not None else None
        if before is None or self._reported is None:
            return 0, 0
        expected = (self._reported[0] - before[0]) & 0xFFFFFFFF
        return (expected, self._reported[1] - before[1]) if expected < 0x10000 else (0, 0)

    # repair

    def retransmit(self, lost: Sequence[int], wall: float) -> None:
        """Send packets again, in the retransmission stream (RFC 4588 section 4); without one, nothing."""
        for seq in lost[: self.viewer.repairs.grant(len(lost), self.viewer.heard)]:
            stream, offset = self._source(seq)
            packet = stream.stored((seq - offset.seq) & 0xFFFF) if stream is not None else None
            if stream is None or packet is None:
                continue
            for _ in range(self.viewer.repair_copies):
                if self.viewer.downlink.bears_repair(len(packet.payload), self.viewer.heard):
                    self.retransmitted += self._send_again(stream, packet, offset, wall) > 0

    def _source(self, seq: int) -> tuple[Stream | None, Offset]:
        """Which stream was sent under a number of ours, and by which offset."""
        if self.flow is not None and seq_diff(seq, self.first + self.offset.seq) >= 0:
            return self.flow.stream, self.offset
        for past in self._past:
            recent = time.monotonic() - past.at < REMEMBERED
            if recent and seq_diff(seq, past.first) >= 0 and seq_diff(seq, past.end) <= 0:
                return past.stream, past.offset
        return None, ZERO

    def age(self, head: int) -> None:
        """Keep the beginning within comparison with the stream's newest number."""
        if seq_diff(head, self.first) > 0x4000:
            self.first = (head - 0x4000) & 0xFFFF

    def _send_again(self, stream: Stream, packet: Packet, offset: Offset, wall: float) -> int:
        """Send one packet in the retransmission stream; bytes sent."""
        codec = self._codecs.get(stream.codec.name)
        if codec is None or codec.rtx is None or not self.plays(stream):
            return 0
        original, timestamp, payload = offset.place(packet)
        again = Shape(self.ssrc + 1, codec.rtx, self.srtp.tag, send_time_id=self._extensions.get(rtp.ABS_SEND_TIME, 0))
        self._rtx_seq = (self._rtx_seq + 1) & 0xFFFF
        rendered = again.render(packet, self._rtx_seq, timestamp, _RTX.pack(original) + payload, wall)
        self.viewer.send_rtp(rendered)
        return len(rendered)

    @property
    def repairable(self) -> bool:
        """Whether the viewer takes retransmissions here."""
        return any(codec.rtx is not None for codec in self._codecs.values())

    def probe(self, wanted: int, wall: float) -> int:
        """Send about so many bytes that the viewer has already, to see whether its line carries them; bytes sent."""
        flow = self.flow
        if flow is None or flow.head is None:
            return 0
        spent = 0
        for back in range(PROBE_PACKETS):
            packet = flow.stream.stored((flow.head.seq - back) & 0xFFFF)
            if spent >= wanted or packet is None or seq_diff(packet.seq, self.first) < 0:
                break
            sent = self._send_again(flow.stream, packet, self.offset, wall)
            self.probed += sent > 0
            if not sent:
                break
            spent += sent
        return spent


class Viewer(Peer):
    """Watches a room.

    Attributes:
        heights: physical pixels in which each picture is shown; full size for those not listed.
        downlink: what is known of the viewer's line.
        repair_copies: how often a lost packet is sent again.
    """

    def __init__(self, room: Room, room_name: str, slots: Sequence[tuple[Section, int]], *args: Any) -> None:
        super().__init__(*args)
        self.repairs = Repairs(self.made)
        self.room = room
        self.room_name = room_name
        self.tracks = [Track(self, section, index) for section, index in slots]
        self.by_ssrc = {track.ssrc: track for track in self.tracks}
        self.heights: Sequence[int] = ()
        self.downlink = Downlink()
        self.repair_copies = 1
        self._told_at = self._away_until = 0.0
        self._lossy_until = 0.0
        self._fresh_rtt: float | None = None
        self._pictures = [track for track in self.tracks if track.kind == "video"]
        self._sounds = [track for track in self.tracks if track.kind == "audio"]

    def connected(self) -> None:
        """Begin to watch."""
        self.room.viewers.add(self)
        for track in self.tracks:
            self.room.slot(track.kind, track.index).add(track)
        self.choose()
        for track in self.tracks:
            self.room.slot(track.kind, track.index).catch_up(joining=True)

    def moved(self) -> None:
        """Send everything to the new address."""
        for track in self.tracks:
            if track.group is not None:
                track.group.changed()

    async def close(self) -> None:
        """Stop watching."""
        self.room.viewers.discard(self)
        for track in self.tracks:
            self.room.slot(track.kind, track.index).remove(track)
        await super().close()
        self.tracks, self.by_ssrc, self._pictures, self._sounds = [], {}, [], []  # no cycles: memory is free at once

    def send_rtp(self, packet: bytes) -> None:
        """Protect one packet and send it to this viewer alone."""
        sealed = self.srtp.seal(packet) if self.srtp else b""
        if sealed:
            self._send(sealed)

    # what to watch

    def show(self, heights: Sequence[int]) -> None:
        """Take in how large the pictures are shown."""
        self.heights = list(heights)
        self.refresh()

    def refresh(self) -> None:
        """Choose anew, and begin with what is at hand."""
        if self.srtp is None:
            return
        self.choose()
        for track in self._pictures:
            if track.next is not None:
                self.room.slot("video", track.index).catch_up()

    def choose(self) -> None:
        """Let every track follow what suits it: the sound always, of each picture the layer that fits."""
        now = time.monotonic()
        for track in self._sounds:
            slot = self.room.slot("audio", track.index)
            slot.follow(track, next((stream for stream in slot.layers if track.plays(stream)), None))
        wishes = [self._wish(track, now) for track in self._pictures]
        sound = sum(track.following.cost for track in self._sounds if track.following is not None)
        chosen = layers.allocate(wishes, self.downlink.reserve(sound, now))
        for track, wish, index in zip(self._pictures, wishes, chosen, strict=True):
            stream = wish.streams[index] if index is not None else None
            slot = self.room.slot("video", track.index)
            slot.follow(track, stream)
            slot.tidy()
        self.downlink.plan(sound + layers.least(wishes), layers.next_step(wishes, chosen))

    def _wish(self, track: Track, now: float) -> Wish:
        height = self.heights[track.index] if track.index < len(self.heights) else layers.FULL
        streams = [stream for stream in self.room.slot("video", track.index).layers if track.plays(stream)]
        return Wish(streams, height, track.following, now)

    # what comes back

    def feedback(self, data: bytes, now: float, wall: float) -> None:
        """Act on what the viewer reports."""
        try:
            messages = rtcp.read(data)
        except Malformed:
            return
        if self._told_at and now - self._told_at > AWAY:
            self._away_until = now + RETURNING
        self._told_at = now
        for message in messages:
            self._act(message, now, wall)

    def _act(self, message: rtcp.Message, now: float, wall: float) -> None:
        if isinstance(message, rtcp.Remb):
            if now >= self._away_until:
                self.downlink.remb(message.bitrate, now)
        elif isinstance(message, rtcp.ReportBlock | rtcp.Nack | rtcp.KeyFrameRequest):
            track = self.by_ssrc.get(message.ssrc)
            if track is None:
                return
            if isinstance(message, rtcp.ReportBlock):
                self._note(track, message, wall)
            elif isinstance(message, rtcp.Nack):
                track.retransmit(message.lost, wall)
            elif (stream := track.showing or track.following) is not None:
                stream.request_key_frame()

    def _note(self, track: Track, block: rtcp.ReportBlock, wall: float) -> None:
        track.lost, track.fraction, track.highest = block.lost, block.fraction, block.highest
        self._fresh_rtt = rtcp.round_trip(rtcp.ntp_time(wall), block.last_sr, block.delay) or self._fresh_rtt
        self.rtt = self._fresh_rtt or self.rtt

    def watch_line(self, now: float) -> None:
        """Once a second and viewer: judge its line, and choose anew."""
        for track in self._sounds:
            track.cover(*track.reported())
        sending = sum(track.showing.cost for track in self.tracks if track.showing is not None)
        reported = [track.reported() for track in self._pictures]
        expected, lost = sum(count for count, _ in reported), sum(count for _, count in reported)
        if now < self._away_until:  # what was lost while the network was away says nothing of its width
            expected = lost = 0
            self._fresh_rtt = None
        self._note_loss(expected, lost, now)
        self.downlink.judge(sending, expected, lost, self._fresh_rtt, now)
        self._fresh_rtt = None
        if any(len(self.room.slot("video", track.index).layers) > 1 for track in self._pictures) or self.downlink.limit:
            self.refresh()

    def _note_loss(self, expected: int, lost: int, now: float) -> None:
        """Send repairs twice while many packets are lost: of repairs as many are, and a picture waits for them."""
        if expected >= COVER_SAMPLE and lost > COVER_LOSS * expected:
            self._lossy_until = now + COVER_SECONDS
        self.repair_copies = 2 if now < self._lossy_until and self.downlink.limit is None else 1

    def relieve(self) -> None:
        """Step down at once if the line turned out to be too narrow."""
        if self.downlink.fell:
            self.downlink.fell = False
            self.refresh()

    def probe(self, now: float, wall: float, seconds: float) -> None:
        """Send what a trial of the line needs for so long."""
        wanted = self.downlink.wants_probe(now, seconds)
        if wanted > 0:
            tracks = [track for track in self._pictures if track.flow is not None and track.repairable]
            if tracks:
                self.downlink.probed(tracks[0].probe(wanted, wall))
            else:
                self.downlink.risk(now)

    def stats(self, now: float) -> dict[str, Any]:
        """Counters of the viewer."""
        return {
            **super().stats(now),
            "room": self.room_name,
            "remb": self.downlink.told,
            "budget": self.downlink.limit,
            "sent": sum(track.sent for track in self.tracks),
            "retransmitted": sum(track.retransmitted for track in self.tracks),
            "lost": sum(max(track.lost, 0) for track in self.tracks),
            "loss": round(max((track.fraction for track in self.tracks), default=0) / 256, 3),
            "layers": [track.showing.rid if track.showing is not None else None for track in self._pictures],
        }
