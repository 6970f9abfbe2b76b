"""A peer that sends: its packets are checked against the answer, opened once, and handed to its feed's streams."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from conference.media import rtcp, rtp, sdp
from conference.media.bitrate import BitrateEstimate, StandingQueue
from conference.media.fanout import Group
from conference.media.feed import Feed, FeedClock, Stream
from conference.media.limits import RTP_BITS, RTP_PACKETS, Intake
from conference.media.peer import Peer
from conference.media.rtp import Malformed, Packet
from conference.media.sdp import START_KBITS_LAYERED, Accepted, Section

MAX_SSRCS = 12
LAYERED_CEILING, LAYERED_START = 3_200_000, START_KBITS_LAYERED * 1000
SENDER_SSRC = 1


def acceptable(offer: sdp.Offer) -> dict[int, Accepted]:
    """The first audio and the first video m-line that would send, each with its best codec."""
    chosen: dict[int, Accepted] = {}
    kinds: set[str] = set()
    for index, section in enumerate(offer.sections):
        if section.sends and section.kind not in kinds and len(chosen) < (2 if offer.bundle else 1):
            kinds.add(section.kind)
            chosen[index] = Accepted(section.accepted()[:1], layers=section.layers())
    return chosen


class Publisher(Peer):
    """Receives what the answer accepted, and nothing else."""

    def __init__(self, kind: str, offer: sdp.Offer, accepted: dict[int, Accepted], *args: Any) -> None:
        super().__init__(*args)
        clock = FeedClock()
        self.sections = [offer.sections[index] for index in accepted]
        self.feed = Feed(self.name, self.owner, kind)
        for section, answer in zip(self.sections, accepted.values(), strict=True):
            for rid in answer.layers or [""]:
                stream = Stream(section.kind, answer.codecs[0], clock, self.owner, kind, rid)
                if section.kind == "audio":
                    self.feed.audio = stream
                else:
                    self.feed.video.append(stream)
        self.sources: dict[int, tuple[Stream, bool]] = {}
        layered = len(self.feed.video) > 1
        self.estimate = BitrateEstimate(LAYERED_CEILING, LAYERED_START) if layered else BitrateEstimate()
        self.queue = StandingQueue()
        self.refused = 0
        self.intake = Intake(RTP_PACKETS, RTP_BITS, self.made)
        self._level_id = self._extension(rtp.AUDIO_LEVEL, "audio")
        self._send_time_id = self._extension(rtp.ABS_SEND_TIME, "video")
        self._mid_id = self._extension(rtp.MID, "video") or self._extension(rtp.MID, "audio")
        self._rid_id = self._extension(rtp.RID, "video")
        self._repaired_id = self._extension(rtp.REPAIRED_RID, "video")
        self._seen: set[int] = set()
        for section in self.sections:
            layers = self.feed.layers(section.kind)
            if len(layers) == 1:
                self._announce(section, layers[0])

    def _extension(self, uri: str, kind: str) -> int:
        """The id of a header extension in the m-line of this kind, 0 where it has none."""
        return next((section.extensions.get(uri, 0) for section in self.sections if section.kind == kind), 0)

    def _announce(self, section: Section, stream: Stream) -> None:
        """Bind the SSRCs that the offer names."""
        repairs = set(section.repairs.values())
        first = next((ssrc for ssrc in section.ssrcs if ssrc not in repairs), None)
        if first is None or first in self.sources:
            return
        stream.ssrc, self.sources[first] = first, (stream, False)
        rtx = section.repairs.get(first)
        if rtx is not None and stream.codec.rtx is not None and rtx not in self.sources:
            stream.rtx_ssrc, self.sources[rtx] = rtx, (stream, True)

    def receive_rtp(
        self, pointer: Any, data: bytearray, start: int, size: int, now: float, wall: float
    ) -> Iterator[Group]:
        """Take an SRTP packet from one of the peer's addresses; yields the groups to flush."""
        ssrc = struct.unpack_from("!I", data, start + 8)[0]
        source = self.sources.get(ssrc)
        if self.srtp is None or not self.intake.admits(now) or (source is None and not self._may_be_new(ssrc)):
            self.refused += 1
            return
        plain = self.srtp.open_in_place(pointer, size)
        if plain < 12:
            return
        self.heard = now
        self.intake.charge(size)
        self._seen.add(ssrc)
        try:
            source = source or self._bind(ssrc, data, start, plain)
            if source is None:
                self.refused += 1
            else:
                yield from self._take(source, data, start, plain, now, wall)
        except Malformed:
            self.refused += 1

    def _may_be_new(self, ssrc: int) -> bool:
        """libsrtp keeps state for each SSRC, so that there may be only so many."""
        return len(self._seen) < MAX_SSRCS or ssrc in self._seen

    def _bind(self, ssrc: int, data: bytearray, start: int, size: int) -> tuple[Stream, bool] | None:
        """Find the stream of an SSRC not named in the offer.

        By mid (RFC 9143 section 9.2) and, of several layers, by rid (RFC 8852 section 3), else by payload type.
        """
        payload_type = data[start + 1] & 0x7F
        _, extension, length = rtp.header_size(data, start, size)

        def told(ident: int) -> str | None:
            value = rtp.find_extension(data, extension, length, ident) if ident else None
            return value.decode("ascii", "replace") if value is not None else None

        mid = told(self._mid_id)
        for section in self.sections:
            if mid is not None and section.mid != mid:
                continue
            layers = self.feed.layers(section.kind)
            for stream in layers:
                repair = payload_type == stream.codec.rtx
                rid = told(self._repaired_id if repair else self._rid_id) if len(layers) > 1 else stream.rid
                fits = rid == stream.rid and (repair or payload_type == stream.codec.payload_type)
                if fits and (bound := self._bound(stream, repair, ssrc)):
                    self._bind_repair(section, stream, ssrc)
                    return bound
        return None

    def _bind_repair(self, section: Section, stream: Stream, ssrc: int) -> None:
        """Bind the retransmissions that the offer names beside a stream (RFC 5576 section 4.2)."""
        repair = section.repairs.get(ssrc)
        if repair is not None and stream.codec.rtx is not None and repair not in self.sources:
            self._bound(stream, True, repair)

    def _bound(self, stream: Stream, repair: bool, ssrc: int) -> tuple[Stream, bool] | None:
        """Bind an SSRC to a stream or to its retransmissions, unless there is one already."""
        if (stream.rtx_ssrc if repair else stream.ssrc) is not None:
            return None
        if repair:
            stream.rtx_ssrc = ssrc
        else:
            stream.ssrc = ssrc
        self.sources[ssrc] = stream, repair
        return self.sources[ssrc]

    def _take(
        self, source: tuple[Stream, bool], data: bytearray, start: int, size: int, now: float, wall: float
    ) -> Iterator[Group]:
        stream, repair = source
        first, second, seq, timestamp, _ = rtp.HEADER.unpack_from(data, start)
        codec = stream.codec
        if second & 0x7F != (codec.rtx if repair else codec.payload_type):
            self.refused += 1
            return
        at, extension, extension_size = rtp.header_size(data, start, size)
        end = start + size
        if repair:
            if end - at < 3 or (first & 0x20 and end - at - data[end - 1] < 3):
                return  # a probe: padding without an original in it
            seq, at = data[at] << 8 | data[at + 1], at + 2
        packet = Packet(seq, timestamp, second & 0x80 != 0, first & 0x20 != 0, bytes(data[at:end]))
        packet.look_inside(codec.name)
        if extension:
            self._read_extensions(stream, packet, data, extension, extension_size, now)
        yield from stream.receive(packet, size, now, wall, repair)

    def _read_extensions(
        self, stream: Stream, packet: Packet, data: bytearray, start: int, size: int, now: float
    ) -> None:
        if stream.kind == "audio":
            level = rtp.find_extension(data, start, size, self._level_id) if self._level_id else None
            if level is not None:
                packet.level = level[0] & 0x7F
                self.feed.speaking.hear(127 if stream.muted else packet.level, now)
        elif self._send_time_id:
            sent = rtp.find_extension(data, start, size, self._send_time_id)
            if sent is not None and len(sent) == 3:
                self.queue.hear(int.from_bytes(sent, "big"), now)

    # feedback

    def feedback(self, data: bytes, now: float, wall: float) -> None:
        """Read the publisher's sender reports, and what it says about our own."""
        try:
            messages = rtcp.read(data)
        except Malformed:
            return
        for message in messages:
            if isinstance(message, rtcp.SenderReport) and message.ssrc in self.sources:
                self.sources[message.ssrc][0].note_sender_report(message, now, wall)
            elif isinstance(message, rtcp.Echo):
                self.rtt = rtcp.round_trip(rtcp.ntp_time(wall), message.last, message.delay) or self.rtt

    def ask(self, now: float) -> None:
        """Ask for what is missing and for key frames that are wanted; called many times a second."""
        parts = b""
        for stream in self.feed.streams():
            if stream.ssrc is None:
                continue
            if stream.reception.missing and (lost := stream.reception.due(now)):
                parts += rtcp.nack(SENDER_SSRC, stream.ssrc, lost)
            if stream.wanted(now):
                parts += rtcp.picture_loss(SENDER_SSRC, stream.ssrc)
        if parts:
            self.send_rtcp(rtcp.receiver_report(SENDER_SSRC) + parts)

    def report(self, now: float, wall: float, seconds: float) -> None:
        """Send reports and the bitrate estimate; called once a second."""
        blocks, received, worst = [], 0, 0
        for stream in self.feed.streams():
            received += stream.measure(seconds)
            block = stream.block(now)
            if block is not None:
                blocks.append(block)
                worst = max(worst, block.fraction if stream.kind == "video" else 0)
            for flow in stream.flows:
                flow.request_key_frame()
        target = self.estimate.update(received, worst, self.queue.standing())
        video = [layer for layer in self.feed.video if layer.ssrc is not None and "goog-remb" in layer.codec.feedback]
        parts = rtcp.receiver_report(SENDER_SSRC, blocks) + rtcp.source_description(SENDER_SSRC, "conference")
        if video:
            parts += rtcp.remb(SENDER_SSRC, target, [layer.ssrc for layer in video if layer.ssrc is not None])
        if blocks:
            self.send_rtcp(parts + rtcp.reference_time(SENDER_SSRC, rtcp.ntp_time(wall)))

    def stats(self, now: float) -> dict[str, Any]:
        """Counters of the feed."""
        return {
            **super().stats(now),
            **self.feed.stats(now),
            "kind": self.feed.kind,
            "refused": self.refused,
            "remb": self.estimate.target,
            "speaking": self.feed.speaking.speaking,
        }
